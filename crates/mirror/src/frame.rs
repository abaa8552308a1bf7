//! An event encoded once, as the bytes of an unmasked WebSocket text frame (RFC 6455 §5.2).

use crate::EVENT_MAX;
use bytes::Bytes;
use wire::{AgentId, Envelope, Epoch, Event, EventKind, Seq, Timestamp, event::ErrorData};

/// Room for the longest frame header.
const HEADER_MAX: usize = 10;

/// One encoded event. Cloning shares the bytes.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Whose.
    pub agent_id: AgentId,
    /// Its number.
    pub seq: Seq,
    /// When it was reflected.
    pub ts: Timestamp,
    /// Its type.
    pub kind: EventKind,
    epoch: Epoch,
    bytes: Bytes,
    header: usize,
}

impl Frame {
    pub(crate) fn encode(agent_id: &AgentId, epoch: &Epoch, seq: Seq, ts: Timestamp, event: Event) -> Self {
        let kind = event.kind();
        let envelope = Envelope { agent_id: agent_id.clone(), epoch: epoch.clone(), seq, ts, event };
        match pack(&envelope) {
            Ok((bytes, header)) => {
                Self { agent_id: envelope.agent_id, epoch: envelope.epoch, seq, ts, kind, bytes, header }
            }
            Err(error) => {
                let hint = Some("send a reference to the data instead of the data".to_owned());
                let data = ErrorData { error, error_type: "event_not_encodable".to_owned(), hint };
                Self::encode(agent_id, epoch, seq, ts, Event::Error { data })
            }
        }
    }

    /// Which life of the log.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The JSON text.
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(self.header..)
    }

    /// The whole WebSocket frame, ready to be written to a socket.
    #[must_use]
    pub fn websocket(&self) -> Bytes {
        self.bytes.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

fn pack(envelope: &Envelope) -> Result<(Bytes, usize), String> {
    let mut buffer = Vec::with_capacity(256);
    buffer.resize(HEADER_MAX, 0);
    serde_json::to_writer(&mut buffer, envelope).map_err(|e| format!("an event could not be written as JSON: {e}"))?;
    let length = buffer.len() - HEADER_MAX;
    if length > EVENT_MAX {
        return Err(format!("an event of {length} bytes is larger than the {EVENT_MAX} bytes the mirror carries"));
    }
    // FIN and opcode 1 (text), then the length in 7, 7 + 16 or 7 + 64 bits.
    let (header, start) = match length {
        0..126 => (2, &[0x81, length as u8][..]),
        126..65_536 => (4, &[0x81, 126, (length >> 8) as u8, length as u8][..]),
        _ => {
            buffer[2..HEADER_MAX].copy_from_slice(&(length as u64).to_be_bytes());
            (HEADER_MAX, &[0x81, 127][..])
        }
    };
    let from = HEADER_MAX - header;
    buffer[from..from + start.len()].copy_from_slice(start);
    Ok((Bytes::from(buffer).slice(from..), header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frame(text_len: usize) -> Frame {
        let id = AgentId::parse("a").unwrap();
        let event = Event::Result { data: json!("x".repeat(text_len)) };
        Frame::encode(&id, &Epoch::from_bits(7), Seq(3), Timestamp::from_millis(0), event)
    }

    #[test]
    fn the_header_says_the_length_of_the_payload_in_each_of_its_three_forms() {
        for text_len in [0, 3000, 70_000] {
            let f = frame(text_len);
            let bytes = f.websocket();
            let (length, header) = match bytes[1] {
                126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
                127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize, 10),
                n => (usize::from(n), 2),
            };
            assert_eq!(bytes[0], 0x81);
            assert_eq!(length, f.payload().len());
            assert_eq!(bytes.len(), header + length);
            let envelope: Envelope = serde_json::from_slice(&f.payload()).unwrap();
            assert_eq!(envelope.seq, Seq(3));
        }
    }

    #[test]
    fn an_event_that_is_too_large_becomes_an_error_that_says_so() {
        let f = frame(EVENT_MAX);
        assert_eq!(f.kind, EventKind::Error);
        assert!(String::from_utf8_lossy(&f.payload()).contains("larger than"));
    }
}
