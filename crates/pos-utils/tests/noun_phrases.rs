//! The models of harper, read and applied as the published crate does with `burn`.

use harper_brill::{Chunker as _, Tagger as _, brill_chunker, brill_tagger, burn_chunker};

/// What the published `harper-pos-utils` 3.0.0 said: a sentence a line, each word with its tag and whether it is in a noun
/// phrase.
const SAID: &str = include_str!("noun_phrases.txt");

/// The words of a line.
fn words(line: &str) -> Vec<String> {
    line.split(' ').filter_map(|word| word.split('/').next()).map(str::to_owned).collect()
}

#[test]
fn noun_phrases_are_where_the_published_network_finds_them() {
    for line in SAID.lines() {
        let words = words(line);
        let tags = brill_tagger().tag_sentence(&words);
        let phrases = burn_chunker().chunk_sentence(&words, &tags);
        let said = words.iter().zip(tags.iter().zip(phrases)).map(|(word, (tag, phrase))| {
            let tag = tag.as_ref().map_or("-", AsRef::as_ref);
            format!("{word}/{tag}/{}", if phrase { "in" } else { "out" })
        });
        assert_eq!(said.collect::<Vec<_>>().join(" "), line);
    }
}

#[test]
fn rules_find_noun_phrases_without_the_network() {
    let words = words("delete the old invoices");
    let tags = brill_tagger().tag_sentence(&words);
    assert_eq!(brill_chunker().chunk_sentence(&words, &tags), [false, true, true, true]);
}

#[test]
fn no_words_are_no_phrases_and_missing_tags_are_borne() {
    assert!(burn_chunker().chunk_sentence(&[], &[]).is_empty());
    let words = words("a calendar");
    assert_eq!(burn_chunker().chunk_sentence(&words, &[None, None]).len(), 2);
}
