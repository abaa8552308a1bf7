//! The network that finds noun phrases: two tables of features, one LSTM in each direction, and a weighted sum.
//!
//! It owns the sums and knows no file format. It never panics, whatever its numbers are.

use crate::UPOS;
use std::collections::HashMap;

/// The number that words stand for which the vocabulary has not.
const STRANGER: usize = 1;
/// The number of a word without a tag; tags follow it in their order.
const UNTAGGED: usize = 1;
/// Above it a word belongs to a noun phrase.
const LIKELY: f32 = 0.5;

/// A table of numbers, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f32>,
}

impl Matrix {
    fn row(&self, row: usize) -> &[f32] {
        self.values.chunks_exact(self.columns.max(1)).nth(row).unwrap_or(&[])
    }

    /// Adds the product of a row vector and this matrix.
    fn add_product(&self, vector: &[f32], sums: &mut [f32]) {
        for (x, row) in vector.iter().zip(self.values.chunks_exact(self.columns.max(1))) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += x * weight;
            }
        }
    }
}

/// One gate of a cell: what it makes of the input and of what was said before.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) input: Matrix,
    pub(crate) hidden: Matrix,
}

impl Gate {
    fn at(&self, input: &[f32], hidden: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; self.input.columns];
        self.input.add_product(input, &mut sums);
        self.hidden.add_product(hidden, &mut sums);
        sums
    }
}

/// A cell that goes through the sentence in one direction.
#[derive(Debug)]
pub(crate) struct Lstm {
    pub(crate) input: Gate,
    pub(crate) forget: Gate,
    pub(crate) output: Gate,
    pub(crate) cell: Gate,
}

impl Lstm {
    /// What it says at each word, in the order in which the words come.
    fn run<'a>(&self, words: impl Iterator<Item = &'a Vec<f32>>) -> Vec<Vec<f32>> {
        let width = self.cell.input.columns;
        let (mut kept, mut hidden) = (vec![0.0; width], vec![0.0; width]);
        let step = |word: &Vec<f32>| {
            let gate = |gate: &Gate| gate.at(word, &hidden);
            let (add, forget) = (gate(&self.input), gate(&self.forget));
            let (output, new) = (gate(&self.output), gate(&self.cell));
            for at in 0..width {
                kept[at] = sigmoid(forget[at]) * kept[at] + sigmoid(add[at]) * new[at].tanh();
            }
            hidden = output.iter().zip(&kept).map(|(output, kept)| sigmoid(*output) * kept.tanh()).collect();
            hidden.clone()
        };
        words.map(step).collect()
    }
}

/// The network with its vocabulary.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) vocabulary: HashMap<String, usize>,
    pub(crate) words: Matrix,
    pub(crate) tags: Matrix,
    pub(crate) forward: Lstm,
    pub(crate) reverse: Lstm,
    pub(crate) out: Matrix,
    pub(crate) bias: f32,
}

impl Net {
    /// For each word whether it belongs to a noun phrase.
    pub(crate) fn phrases(&self, sentence: &[String], tags: &[Option<UPOS>]) -> Vec<bool> {
        let features = |(word, tag): (&String, &Option<UPOS>)| {
            let word = self.words.row(*self.vocabulary.get(word).unwrap_or(&STRANGER));
            let tag = self.tags.row(tag.map_or(UNTAGGED, |tag| tag as usize + UNTAGGED + 1));
            [word, tag].concat()
        };
        let words: Vec<Vec<f32>> = sentence.iter().zip(tags).map(features).collect();
        let forward = self.forward.run(words.iter());
        let reverse = self.reverse.run(words.iter().rev());
        let likely = |(forward, reverse): (Vec<f32>, Vec<f32>)| {
            let mut sum = [self.bias];
            self.out.add_product(&[forward, reverse].concat(), &mut sum);
            sum[0] > LIKELY
        };
        forward.into_iter().zip(reverse.into_iter().rev()).map(likely).collect()
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
