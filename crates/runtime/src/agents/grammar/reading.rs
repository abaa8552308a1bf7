//! What a reading is: the types a program gets back from `parse` and `check`.
//!
//! It owns shapes and their words, and no analysis. All offsets count characters (Unicode scalar values) of the text as it
//! was sent, from 0; an end is the first character after.

use prism::JsonSchema;
use serde::Serialize;

/// A stretch of the text, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Span {
    /// Its first character, from 0.
    pub start: usize,
    /// The first character after it.
    pub end: usize,
}

impl Span {
    /// Whether the other lies in it altogether.
    pub(crate) fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether they share a character.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// From the beginning of this one to the end of the other.
    pub(crate) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

/// What was understood of a text.
///
/// `kind`, `subject`, `action`, `object` and `modifiers` are about its first clause; `then` has the others in their order.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Reading {
    /// What sort of utterance it is.
    pub kind: Kind,
    /// Who or what does it, where that is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Phrase>,
    /// What is to be done, is done, or is asked about.
    pub action: Option<Action>,
    /// To what.
    pub object: Option<Phrase>,
    /// How, when, to whom, of what quality, under which condition.
    pub modifiers: Vec<Modifier>,
    /// The clauses after the first.
    pub then: Vec<Clause>,
    /// Dates, times, durations, recurrences, numbers, addresses and names, in the order of the text.
    pub entities: Vec<Entity>,
    /// Every word and mark.
    pub tokens: Vec<Token>,
    /// The language it seems to be in. Only English is read.
    pub language: Language,
    /// How sure the reading is, 0 to 1. A rule of thumb to compare readings by, not a probability.
    pub confidence: f64,
    /// Why it is not surer, a sentence each.
    pub doubts: Vec<String>,
    /// The moment that words like "tomorrow" were counted from, without a time zone.
    pub now: String,
    /// What `start` and `end` count: always `characters`.
    pub offsets: &'static str,
}

/// What sort of utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something is to be done.
    Command,
    /// Something is asked.
    Question,
    /// Something is said to be so.
    Statement,
    /// Words without a verb that holds them together.
    Fragment,
    /// Not English, therefore not read.
    NotEnglish,
    /// No words at all.
    Empty,
}

/// One clause after the first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Clause {
    /// What sort it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
    /// Who or what does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Phrase>,
    /// What is done.
    pub action: Option<Action>,
    /// To what.
    pub object: Option<Phrase>,
    /// How, when, to whom.
    pub modifiers: Vec<Modifier>,
}

/// A verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Action {
    /// Its dictionary form, with its particle: `delete`, `set up`.
    pub lemma: String,
    /// As it stands in the text.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Whether it is denied or forbidden: "do not delete".
    pub negated: bool,
}

/// A noun with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Phrase {
    /// Without its article: `old invoices`.
    pub text: String,
    /// Its main noun in the singular: `invoice`.
    pub head: String,
    /// The article or whatever stands in its place: `the`, `all`, `my`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determiner: Option<String>,
    /// Where `text` stands.
    pub span: Span,
}

/// Something that qualifies the action or its object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Modifier {
    /// In which way.
    pub role: Role,
    /// As it stands in the text.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The preposition it begins with: `to`, `for`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preposition: Option<String>,
    /// The entity it is made of: a place in `entities`, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<usize>,
}

/// How a modifier qualifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An adjective: "old".
    Quality,
    /// An adverb: "quickly".
    Manner,
    /// A comparison: "older than 30 days".
    Condition,
    /// A date, a time or a recurrence.
    When,
    /// A duration: "for two hours".
    HowLong,
    /// Who gets it: "me" in "show me the list".
    Recipient,
    /// Any other phrase with a preposition: "to the team".
    Relation,
}

/// One word or mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Token {
    /// As it stands in the text.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Its part of speech.
    pub pos: Pos,
    /// Its dictionary form, where it differs from the text in small letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lemma: Option<String>,
    /// Whether the dictionary has it. Always true for what is not a word.
    pub known: bool,
}

/// Part of speech, after Universal Dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Pos {
    /// old
    Adjective,
    /// of, in, to
    Preposition,
    /// quickly
    Adverb,
    /// is, can, will
    Auxiliary,
    /// and, or
    Conjunction,
    /// the, every
    Determiner,
    /// hello
    Interjection,
    /// invoice
    Noun,
    /// 30, seven
    Number,
    /// not; to before a verb
    Particle,
    /// you, it
    Pronoun,
    /// Ada
    ProperNoun,
    /// . , ?
    Punctuation,
    /// because, if
    Subordinator,
    /// $ %
    Symbol,
    /// delete
    Verb,
    /// An e-mail address, a URL, or something else that is no word.
    Other,
}

/// Something in the text with a value of its own.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Entity {
    /// As it stands in the text.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The word before it that says how it is meant: `before`, `after`, `since`, `until`, `by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<&'static str>,
    /// What it is.
    #[serde(flatten)]
    pub value: Meaning,
}

/// What an entity means. Dates are `YYYY-MM-DD`, times `HH:MM:SS`, without a time zone unless the text names one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Meaning {
    /// A day, or with `last` a stretch of days such as "next week".
    Date {
        /// The day, or the first of them.
        date: String,
        /// The last of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<String>,
    },
    /// A time of day.
    Time {
        /// The time.
        time: String,
    },
    /// A day with a time.
    DateTime {
        /// `YYYY-MM-DDTHH:MM:SS`, with an offset where the text has one.
        at: String,
    },
    /// A length of time.
    Duration {
        /// In ISO 8601: `P30D`.
        iso: String,
        /// How many units.
        amount: f64,
        /// Which: `second`, `minute`, `hour`, `day`, `week`, `month`, `year`.
        unit: &'static str,
        /// In seconds, for units that always have the same length.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// Something that comes again and again.
    Recurrence {
        /// A rule after RFC 5545: `FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=9;BYMINUTE=0`.
        rrule: String,
        /// The first time after `now`, where it can be told: a date, or a date with a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    },
    /// A bare number.
    Number {
        /// Its value.
        value: f64,
    },
    /// A place in an order: "second", "3rd".
    Ordinal {
        /// From 1.
        value: f64,
    },
    /// A number with a unit: "10 GB", "50 %".
    Quantity {
        /// Its value.
        value: f64,
        /// The unit's symbol.
        unit: &'static str,
    },
    /// An amount of money.
    Money {
        /// The amount.
        value: f64,
        /// ISO 4217.
        currency: &'static str,
    },
    /// A bound: "older than 30 days", "at least 5", "under $50".
    Comparison {
        /// What is compared, where the words say: `age`, `size`, `length`, `price`.
        #[serde(skip_serializing_if = "Option::is_none")]
        property: Option<&'static str>,
        /// `more`, `less`, `at_least`, `at_most`, `exactly`.
        is: &'static str,
        /// Than what: a number, quantity, amount of money or duration.
        than: Box<Meaning>,
        /// For an age: the moment that separates older from newer.
        #[serde(skip_serializing_if = "Option::is_none")]
        threshold: Option<String>,
    },
    /// An e-mail address.
    Email {
        /// The address.
        address: String,
    },
    /// A web address.
    Url {
        /// The address.
        url: String,
    },
    /// Something in quotation marks.
    Quoted {
        /// Without the marks.
        name: String,
    },
}

/// A guess at the language.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Language {
    /// ISO 639-3: `eng`, `deu`; `und` where there is too little to tell.
    pub code: String,
    /// Its name in English, or `unknown`.
    pub name: String,
    /// Whether it is read as English.
    pub english: bool,
    /// Share of the words that the English dictionary has, 0 to 1.
    pub known_words: f64,
}

/// What `check` finds.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Checked {
    /// In the order of the text, at most [`super::LINTS_MAX`].
    pub lints: Vec<Lint>,
    /// How many more there were.
    pub left_out: usize,
    /// The language it seems to be in.
    pub language: Language,
    /// A word of caution, where one is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What `start` and `end` count: always `characters`.
    pub offsets: &'static str,
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Lint {
    /// The words it is about.
    pub text: String,
    /// Where.
    pub span: Span,
    /// What sort: `Spelling`, `Agreement`, `Punctuation` and so on.
    pub kind: String,
    /// The remark.
    pub message: String,
    /// What could stand there instead, best first.
    pub suggestions: Vec<Suggestion>,
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Suggestion {
    /// Put this in the place of the words.
    Replace {
        /// What to put there.
        with: String,
    },
    /// Put this after the words.
    Insert {
        /// What to put there.
        after: String,
    },
    /// Take the words away.
    Remove,
}
