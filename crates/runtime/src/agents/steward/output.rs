//! What a snippet writes on one of its two streams, as text, up to a size. It owns where a letter is cut in two.

/// One stream.
#[derive(Debug, Default)]
pub(super) struct Output {
    text: String,
    /// The beginning of a letter whose rest has not come yet.
    partial: Vec<u8>,
    cut: bool,
}

impl Output {
    /// Takes bytes in as far as there is room, and gives them back as text.
    pub(super) fn take(&mut self, bytes: &[u8], room: &mut usize) -> String {
        let fitting = bytes.len().min(*room);
        *room -= fitting;
        self.cut |= fitting < bytes.len();
        self.partial.extend_from_slice(&bytes[..fitting]);
        let whole = self.partial.len() - unfinished(&self.partial);
        let piece = String::from_utf8_lossy(&self.partial[..whole]).into_owned();
        self.partial.drain(..whole);
        self.text.push_str(&piece);
        piece
    }

    /// All of it, and whether there was more.
    pub(super) fn end(mut self) -> (String, bool) {
        self.text.push_str(&String::from_utf8_lossy(&self.partial));
        (self.text, self.cut)
    }
}

/// How many bytes at the end begin a letter and do not end it.
fn unfinished(bytes: &[u8]) -> usize {
    let begins = |n: &usize| {
        let tail = std::str::from_utf8(&bytes[bytes.len() - n..]);
        tail.is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(begins).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_comes_in_two_pieces_is_one_letter() {
        let (mut output, mut room) = (Output::default(), 100);
        let euro = "a€".as_bytes();
        assert_eq!(output.take(&euro[..2], &mut room), "a");
        assert_eq!(output.take(&euro[2..3], &mut room), "");
        assert_eq!(output.take(&euro[3..], &mut room), "€");
        assert_eq!(output.take(b"\xff-\xe2\x82", &mut room), "\u{fffd}-");
        assert_eq!(output.end(), ("a€\u{fffd}-\u{fffd}".to_owned(), false));
    }

    #[test]
    fn what_has_no_room_is_left_out_and_said_so() {
        let (mut output, mut room) = (Output::default(), 3);
        assert_eq!(output.take(b"abcdef", &mut room), "abc");
        assert_eq!(output.take(b"g", &mut room), "");
        assert_eq!((output.end(), room), (("abc".to_owned(), true), 0));
    }
}
