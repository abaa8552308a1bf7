//! Tables that fit: the last column gives way first, then whole columns, the least important first.

use crate::{
    out::{Out, QUIET},
    text::{cut, width},
};
use anstyle::Style;

/// Columns between two columns.
const GAP: usize = 2;
/// Narrowest that the last column may get before it goes altogether.
const LAST_MIN: usize = 16;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) title: &'static str,
    /// On which side its texts begin.
    pub(crate) align: Align,
    /// What goes first where it is narrow: the column with the lowest; the highest stay.
    pub(crate) worth: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A text in a table, on one line.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::new() }
    }

    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Self {
        Self { text: text.into(), style }
    }
}

/// The lines of a table of some columns, head first, none wider than `columns`.
pub(crate) fn lines(heads: &[Column], rows: &[Vec<Cell>], columns: usize, out: &Out) -> Vec<String> {
    let natural: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(n, head)| {
            rows.iter().filter_map(|row| row.get(n)).map(|cell| width(&cell.text)).fold(width(head.title), usize::max)
        })
        .collect();
    let widths = fit(heads, natural, columns);
    let title = |head: &Column| Cell::styled(QUIET, head.title);
    let head: Vec<Cell> = heads.iter().map(title).collect();
    std::iter::once(&head).chain(rows).map(|row| line(heads, row, &widths, out)).collect()
}

/// The width of each column; `None` for one that is left out.
fn fit(heads: &[Column], natural: Vec<usize>, columns: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = natural.into_iter().map(Some).collect();
    let total = |widths: &[Option<usize>]| {
        let shown = widths.iter().flatten().count();
        widths.iter().flatten().sum::<usize>() + GAP * shown.saturating_sub(1)
    };
    loop {
        let over = total(&widths).saturating_sub(columns);
        let shown = widths.iter().flatten().count();
        let Some(last) = widths.last_mut() else { return widths };
        if over == 0 {
            return widths;
        }
        if let Some(width) = last.as_mut().filter(|width| **width >= over + LAST_MIN) {
            *width -= over;
            return widths;
        }
        let worths = heads.iter().zip(&widths).enumerate().filter(|(_, (_, width))| width.is_some());
        let least = worths.min_by_key(|(_, (head, _))| head.worth).map(|(n, _)| n);
        match least.and_then(|n| widths.get_mut(n)) {
            Some(width) if shown > 1 => *width = None,
            Some(width) => *width = Some(columns),
            None => return widths,
        }
    }
}

fn line(heads: &[Column], row: &[Cell], widths: &[Option<usize>], out: &Out) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for ((head, cell), columns) in heads.iter().zip(row).zip(widths) {
        let Some(columns) = *columns else { continue };
        let text = cut(&cell.text, columns);
        let rest = columns - width(&text);
        let (before, after) = if head.align == Align::Right { (rest, 0) } else { (0, rest) };
        // No line ends in spaces: they are written when something follows.
        line.push_str(&" ".repeat(owed + before));
        line.push_str(&out.styled(cell.style, &text));
        owed = after + GAP;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::Form;

    const HEADS: [Column; 3] = [
        Column { title: "NAME", align: Align::Left, worth: 9 },
        Column { title: "N", align: Align::Right, worth: 1 },
        Column { title: "ABOUT", align: Align::Left, worth: 2 },
    ];

    fn shown(columns: usize) -> Vec<String> {
        let rows = [["grammar", "7", "Reads sentences and says what they ask for."], ["hôst", "1234", "日本"]];
        let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(|text| Cell::new(*text)).collect()).collect();
        let out = Out::new(Form::Text);
        lines(&HEADS, &rows, columns, &out)
    }

    #[test]
    fn no_line_is_wider_than_asked_for() {
        for columns in 1..80 {
            for line in shown(columns) {
                let plain = anstream::adapter::strip_str(&line).to_string();
                assert!(width(&plain) <= columns, "{columns}: {plain:?}");
                assert_eq!(plain.trim_end(), plain);
            }
        }
    }

    #[test]
    fn what_matters_most_stays_longest() {
        let plain =
            |columns| shown(columns).iter().map(|l| anstream::adapter::strip_str(l).to_string()).collect::<Vec<_>>();
        assert_eq!(plain(80)[1], "grammar     7  Reads sentences and says what they ask for.");
        assert_eq!(plain(31)[1], "grammar     7  Reads sentences…");
        assert_eq!(plain(26)[1], "grammar  Reads sentences …");
        assert_eq!(plain(10)[1], "grammar");
        assert_eq!(plain(4)[1], "gra…");
    }
}
