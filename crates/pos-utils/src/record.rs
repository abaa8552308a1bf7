//! Reads the network from its file, which `burn` wrote as `MessagePack` with names.
//!
//! It owns that format as far as this one model needs it. What does not fit together is refused here, so that `net` may
//! rely on its widths.

use crate::net::{Gate, Lstm, Matrix, Net};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};
use std::{collections::HashMap, fmt};

/// Why a model cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the weights cannot be read: {0}")]
    Weights(#[from] rmp_serde::decode::Error),
    #[error("the vocabulary cannot be read: {0}")]
    Vocabulary(#[from] serde_json::Error),
    #[error("the parts of the model do not fit together")]
    Misfit,
}

/// The network of a model and its vocabulary.
pub(crate) fn read(model: &[u8], vocabulary: &[u8]) -> Result<Net, Unreadable> {
    let Model { item: parts } = rmp_serde::from_slice(model)?;
    let net = Net {
        vocabulary: serde_json::from_slice::<HashMap<String, usize>>(vocabulary)?,
        words: parts.embedding_words.weight.param.0,
        tags: parts.embedding_upos.weight.param.0,
        forward: parts.lstm.forward.into(),
        reverse: parts.lstm.reverse.into(),
        out: parts.linear_out.weight.param.0,
        bias: parts.linear_out.bias.and_then(|bias| bias.param.0.values.first().copied()).unwrap_or_default(),
    };
    if fits(&net) { Ok(net) } else { Err(Unreadable::Misfit) }
}

/// Whether every sum gets as many numbers as it has weights for.
fn fits(net: &Net) -> bool {
    let is = |matrix: &Matrix, rows: usize, columns: usize| {
        matrix.columns == columns && matrix.values.len() == rows.saturating_mul(columns)
    };
    let (input, width) = (net.words.columns + net.tags.columns, net.forward.cell.input.columns);
    let gates = |lstm: &Lstm| {
        let gates = [&lstm.input, &lstm.forget, &lstm.output, &lstm.cell];
        gates.into_iter().all(|gate| is(&gate.input, input, width) && is(&gate.hidden, width, width))
    };
    gates(&net.forward) && gates(&net.reverse) && is(&net.out, 2 * width, 1)
}

#[derive(Deserialize)]
struct Model {
    item: Parts,
}

#[derive(Deserialize)]
struct Parts {
    embedding_words: Layer,
    embedding_upos: Layer,
    lstm: Directions,
    linear_out: Layer,
}

#[derive(Deserialize)]
struct Directions {
    forward: Cell,
    reverse: Cell,
}

#[derive(Deserialize)]
struct Cell {
    input_gate: Transforms,
    forget_gate: Transforms,
    output_gate: Transforms,
    cell_gate: Transforms,
}

#[derive(Deserialize)]
struct Transforms {
    input_transform: Layer,
    hidden_transform: Layer,
}

#[derive(Deserialize)]
struct Layer {
    weight: Parameter,
    #[serde(default)]
    bias: Option<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    param: Tensor,
}

/// A table, or a row, which is a table of one.
struct Tensor(Matrix);

impl<'de> Deserialize<'de> for Tensor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            bytes: Floats,
            shape: Vec<usize>,
        }
        let Raw { bytes: Floats(values), shape } = Raw::deserialize(from)?;
        let count = shape.iter().try_fold(1usize, |count, side| count.checked_mul(*side));
        match shape.last() {
            Some(columns) if count == Some(values.len()) => Ok(Self(Matrix { columns: *columns, values })),
            _ => Err(D::Error::custom("a table has another size than it says")),
        }
    }
}

/// Numbers of 32 bits, the low byte first.
struct Floats(Vec<f32>);

impl<'de> Deserialize<'de> for Floats {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Floats;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("the bytes of numbers")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Floats, E> {
                let (numbers, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                Ok(Floats(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect()))
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

impl From<Cell> for Lstm {
    fn from(cell: Cell) -> Self {
        Self {
            input: cell.input_gate.into(),
            forget: cell.forget_gate.into(),
            output: cell.output_gate.into(),
            cell: cell.cell_gate.into(),
        }
    }
}

impl From<Transforms> for Gate {
    fn from(both: Transforms) -> Self {
        Self { input: both.input_transform.weight.param.0, hidden: both.hidden_transform.weight.param.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Unreadable, read};

    #[test]
    fn what_is_not_a_model_is_refused() {
        assert!(matches!(read(b"", b"{}"), Err(Unreadable::Weights(_))));
        // A map with an `item` that is nothing.
        assert!(matches!(read(b"\x81\xa4item\xc0", b"{}"), Err(Unreadable::Weights(_))));
    }
}
