//! The scribe against an endpoint that is really there: a small HTTP server of its own, which answers as it is told.

use super::*;
use prism::{Arguments, CallError, Exposed as _};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

const KEY: &str = "sk-very-secret-key";

/// An endpoint. It gives its replies one after the other, the last one again and again, and keeps what it was asked.
struct Endpoint {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request that came in.
#[derive(Debug, Clone)]
struct Asked {
    head: String,
    body: Value,
}

impl Endpoint {
    async fn start(replies: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut replies: VecDeque<String> = replies.into_iter().collect();
        let kept = asked.clone();
        crate::Tasks::default().spawn("endpoint", crate::tasks::OnPanic::Log, async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = Vec::new();
                let body = loop {
                    let mut piece = [0; 4096];
                    let length = socket.read(&mut piece).await.unwrap();
                    request.extend_from_slice(&piece[..length]);
                    let text = String::from_utf8_lossy(&request);
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let long: usize = head
                        .lines()
                        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
                        .unwrap_or(0);
                    if body.len() >= long {
                        break Asked { head: head.to_owned(), body: serde_json::from_str(body).unwrap() };
                    }
                };
                kept.lock().unwrap().push(body);
                let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
                socket.write_all(reply.unwrap().as_bytes()).await.unwrap();
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn scribe(&self, window: u32) -> Scribe {
        scribe(Some(&self.url), window)
    }
}

fn scribe(url: Option<&str>, window: u32) -> Scribe {
    let settings = Settings {
        url: url.map(str::to_owned),
        key: Some(Secret::from(KEY)),
        model: "tiny".to_owned(),
        system_prompt: "Be brief.".to_owned(),
        context_window_tokens: window,
        asks: Asks::WhenUnsure,
    };
    Scribe::new(&settings).unwrap()
}

/// A whole reply.
fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A stream of events, ended by the end of the connection.
fn events(events: &[Value], end: &str) -> String {
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{events}{end}")
}

/// How an endpoint says this text, word by word, with a count of tokens.
fn says(text: &str, input: u64, output: u64) -> String {
    let word =
        |word: &str| json!({"id": "1", "model": "tiny-7b", "choices": [{"index": 0, "delta": {"content": word}}]});
    let mut all: Vec<Value> = text.split_inclusive(' ').map(word).collect();
    all.insert(0, json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}));
    all.push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    all.push(json!({"choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}}));
    events(&all, "data: [DONE]\n\n")
}

/// What a caller hears.
#[derive(Debug, Default)]
struct Heard {
    chunks: Vec<Value>,
    tokens: (u64, u64),
    asked: Option<(prism::Ask, Value)>,
}

impl CallCx for Heard {
    fn chunk(&mut self, data: Value) {
        self.chunks.push(data);
    }

    fn tokens(&mut self, input: u64, output: u64) {
        self.tokens = (self.tokens.0 + input, self.tokens.1 + output);
    }

    fn ask(&mut self, ask: prism::Ask, frozen: Value) {
        self.asked = Some((ask, frozen));
    }
}

fn arguments(value: Value) -> Arguments {
    value.as_object().unwrap().clone()
}

async fn write(scribe: &mut Scribe, prompt: &str) -> Result<(Value, Heard), CallError> {
    let mut heard = Heard::default();
    let answer = scribe.call("write", arguments(json!({"prompt": prompt})), &mut heard).await?;
    Ok((answer, heard))
}

/// The code, the sentence and the hint of a call that has to fail. None of them may have the key in it.
async fn fails(replies: impl IntoIterator<Item = String>) -> (String, String, String) {
    let endpoint = Endpoint::start(replies).await;
    let mut scribe = endpoint.scribe(1000);
    let error = write(&mut scribe, "hello").await.unwrap_err();
    let told = (error.code().to_owned(), error.to_string(), error.advice().unwrap().to_owned());
    assert!(!format!("{told:?} {error:?} {scribe:?}").contains(KEY), "the key is never shown: {told:?}");
    assert_eq!(scribe.context().turns, 0, "what failed is not remembered");
    assert_eq!(endpoint.asked().len(), 1, "a call that was taken is not repeated");
    told
}

#[tokio::test]
async fn an_answer_is_streamed_counted_and_remembered() {
    let endpoint = Endpoint::start([says("Quiet, still and slow.", 21, 6), says("Yes.", 40, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    let (answer, heard) = write(&mut scribe, "Three words for calm").await.unwrap();
    assert_eq!(answer["text"], "Quiet, still and slow.");
    assert_eq!(heard.chunks, [json!("Quiet, "), json!("still "), json!("and "), json!("slow.")]);
    assert_eq!(answer["tokens"], json!({"input": 21, "output": 6, "counted_by": "endpoint"}));
    assert_eq!(heard.tokens, (21, 6));
    assert_eq!((&answer["model"], &answer["context"]["turns"]), (&json!("tiny-7b"), &json!(1)));
    write(&mut scribe, "Sure?").await.unwrap();
    let asked = endpoint.asked();
    assert!(asked[0].head.starts_with("POST /v1/chat/completions "), "{}", asked[0].head);
    assert!(asked[0].head.to_ascii_lowercase().contains(&format!("authorization: bearer {KEY}")));
    assert_eq!((&asked[0].body["model"], &asked[0].body["stream"]), (&json!("tiny"), &json!(true)));
    let roles: Vec<&Value> = asked[1].body["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
    assert_eq!(roles, ["Be brief.", "Three words for calm", "Quiet, still and slow.", "Sure?"]);
}

#[tokio::test]
async fn an_endpoint_that_does_not_count_is_estimated_and_said_so() {
    let word = json!({"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}]});
    let endpoint = Endpoint::start([events(&[word], "")]).await;
    let (answer, heard) = write(&mut endpoint.scribe(1000), "Hello?").await.unwrap();
    assert_eq!(answer["tokens"]["counted_by"], "estimate");
    assert!(heard.tokens.0 > 0 && heard.tokens.1 > 0);
}

#[tokio::test]
async fn a_perturbation_is_a_prompt() {
    let endpoint = Endpoint::start([says("Hello.", 5, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    for input in [json!("Hi"), json!({"prompt": "Hi"}), json!({"prompt": "Hi", "system": "Be loud."})] {
        let Step::Result(answer) = scribe.perturbed(input, &mut StepCx::default()).await.unwrap() else { panic!() };
        assert_eq!(answer["text"], "Hello.");
    }
    assert_eq!(endpoint.asked()[2].body["messages"][0]["content"], "Be loud.");
    for input in [json!(1), json!({"text": "Hi"}), json!({"prompt": "Hi", "system": 1})] {
        assert_eq!(scribe.perturbed(input, &mut StepCx::default()).await.unwrap_err().kind, "no_prompt");
    }
}

#[tokio::test]
async fn a_full_window_is_compressed_and_told() {
    let long = "word ".repeat(60);
    let mut replies = vec![says(&long, 0, 0); 2];
    replies.extend([says("They spoke of words.", 9, 4), says("Done.", 9, 1)]);
    let endpoint = Endpoint::start(replies).await;
    let mut scribe = endpoint.scribe(400);
    for _ in 0..2 {
        write(&mut scribe, &long).await.unwrap();
    }
    assert!(scribe.context().pressure.value() > 0.7, "{:?}", scribe.context());
    let (answer, heard) = write(&mut scribe, "And now?").await.unwrap();
    assert!(answer["notes"][0].as_str().unwrap().contains("summarised"), "{answer}");
    assert_eq!(answer["context"]["summarised"], true);
    assert!(answer["context"]["pressure"].as_f64().unwrap() < 0.7, "{answer}");
    assert_eq!(heard.chunks, [json!("Done.")], "the summary is not the answer");
    assert_eq!(heard.tokens, (18, 5), "but it is accounted for");
    let last = endpoint.asked().pop().unwrap();
    assert!(last.body["messages"][0]["content"].as_str().unwrap().contains("They spoke of words."));
}

#[tokio::test]
async fn where_no_summary_comes_the_oldest_turns_go_and_it_is_told() {
    let long = "word ".repeat(60);
    let mut replies = vec![says(&long, 0, 0); 2];
    replies.extend([reply("500 Oops", "", "down"), says("Done.", 9, 1)]);
    let endpoint = Endpoint::start(replies).await;
    let mut scribe = endpoint.scribe(400);
    for _ in 0..2 {
        write(&mut scribe, &long).await.unwrap();
    }
    let (answer, _) = write(&mut scribe, "And now?").await.unwrap();
    let note = answer["notes"][0].as_str().unwrap();
    assert!(note.contains("forgotten") && note.contains("500"), "{note}");
    assert_eq!(answer["context"]["summarised"], false);
    assert!(answer["context"]["pressure"].as_f64().unwrap() < 0.7);
}

#[tokio::test]
async fn forgetting_begins_anew() {
    let endpoint = Endpoint::start([says("Hello.", 5, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    write(&mut scribe, "Hi").await.unwrap();
    let state = scribe.call("context", Arguments::new(), &mut Heard::default()).await.unwrap();
    assert_eq!((&state["turns"], &state["window_tokens"]), (&json!(1), &json!(1000)));
    let state = scribe.call("forget", Arguments::new(), &mut Heard::default()).await.unwrap();
    assert_eq!(state["turns"], 0);
    write(&mut scribe, "Hi").await.unwrap();
    assert_eq!(endpoint.asked()[1].body["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn without_an_endpoint_it_says_what_is_missing_and_what_works() {
    let mut scribe = scribe(None, 1000);
    let error = write(&mut scribe, "hello").await.unwrap_err();
    assert_eq!(error.code(), "no_model");
    let hint = error.advice().unwrap();
    assert!(hint.contains("TERRARIUM_LLM_URL") && hint.contains("grammar"), "{hint}");
    assert_eq!(scribe.perturbed(json!("hello"), &mut StepCx::default()).await.unwrap_err().kind, "no_model");
}

#[tokio::test]
async fn a_key_that_is_refused() {
    let body = json!({"error": {"message": format!("Incorrect API key provided: {KEY}."), "code": "invalid_api_key"}});
    let (code, message, hint) = fails([reply("401 Unauthorized", "", &body.to_string())]).await;
    assert_eq!(code, "model_unauthorised");
    assert!(message.contains("Incorrect API key provided: …") && hint.contains("TERRARIUM_LLM_KEY"), "{message}");
}

#[tokio::test]
async fn an_endpoint_that_asks_to_wait() {
    let body = json!({"error": {"message": "slow down"}}).to_string();
    let (code, message, hint) = fails([reply("429 Too Many Requests", "Retry-After: 17\r\n", &body)]).await;
    assert_eq!(code, "model_busy");
    assert!(message.contains("17 seconds") && message.contains("slow down") && hint.contains("17"), "{message} {hint}");
    let (code, _, hint) = fails([reply("429 Too Many Requests", "", "")]).await;
    assert_eq!(code, "model_busy");
    assert!(hint.contains("a minute"), "{hint}");
}

#[tokio::test]
async fn refusals_and_failures_are_told_apart() {
    for (status, code) in [
        ("400 Bad Request", "model_refused"),
        ("403 Forbidden", "model_unauthorised"),
        ("404 Not Found", "model_not_found"),
        ("500 Internal Server Error", "model_failing"),
        ("502 Bad Gateway", "model_failing"),
    ] {
        assert_eq!(fails([reply(status, "", "<html>sorry</html>")]).await.0, code, "{status}");
    }
    let (_, message, _) = fails([reply("500 Oops", "", &"x".repeat(100_000))]).await;
    assert!(message.chars().count() < 400, "an endless complaint is cut");
}

#[tokio::test]
async fn an_endpoint_that_sends_elsewhere_is_not_followed() {
    let location = "Location: http://elsewhere.example/v1?token=1\r\n";
    let (code, message, _) = fails([reply("307 Temporary Redirect", location, "")]).await;
    assert_eq!(code, "model_moved");
    assert!(message.contains("http://elsewhere.example/v1") && !message.contains("token"), "{message}");
}

#[tokio::test]
async fn half_an_answer_is_an_error() {
    let half = json!({"choices": [{"delta": {"content": "Once upon"}}]});
    let (code, message, _) = fails([events(std::slice::from_ref(&half), "")]).await;
    assert_eq!(code, "model_cut_off");
    assert!(message.contains("9 characters"), "{message}");
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5000\r\n\r\n";
    let (code, ..) = fails([format!("{chunked}data: {half}\n\n")]).await;
    assert_eq!(code, "model_cut_off");
    let error = json!({"error": {"message": "out of memory"}});
    let (code, message, _) = fails([events(&[half, error], "")]).await;
    assert_eq!(code, "model_cut_off");
    assert!(message.contains("out of memory"), "{message}");
}

#[tokio::test]
async fn what_is_no_chat_protocol_is_said_to_be_none() {
    for body in [
        reply("200 OK", "Content-Type: text/html\r\n", "<html>Welcome</html>"),
        reply("200 OK", "Content-Type: application/json\r\n", "{}"),
        reply("200 OK", "", ""),
        format!("{}data: this is no JSON\n\n", events(&[], "")),
        events(&[json!({"choices": "none"})], ""),
    ] {
        let (code, message, hint) = fails([body.clone()]).await;
        assert_eq!(code, "model_gibberish", "{body} {message}");
        assert!(hint.contains("/v1"), "{hint}");
    }
    assert_eq!(fails([events(&[], "data: [DONE]\n\n")]).await.0, "model_empty");
    assert_eq!(fails(["nonsense\r\n\r\n".to_owned()]).await.0, "model_unreachable");
}

#[tokio::test]
async fn an_endless_answer_is_ended() {
    let word = json!({"choices": [{"delta": {"content": "x".repeat(1000)}}]});
    let (code, ..) = fails([events(&vec![word; 5000], "")]).await;
    assert_eq!(code, "answer_too_long");
}

#[tokio::test]
async fn an_answer_that_was_cut_short_says_so() {
    let word = json!({"choices": [{"delta": {"content": "Once"}, "finish_reason": "length"}]});
    let endpoint = Endpoint::start([events(&[word], "")]).await;
    let (answer, _) = write(&mut endpoint.scribe(1000), "A story").await.unwrap();
    assert!(answer["notes"][0].as_str().unwrap().contains("limit"), "{answer}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = write(&mut scribe(Some(&format!("http://{free}/v1")), 1000), "hello").await.unwrap_err();
    assert_eq!(error.code(), "model_unreachable");
    assert!(error.to_string().contains("refused") && error.advice().unwrap().contains("TERRARIUM_LLM_URL"), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut scribe = scribe(Some(&format!("http://{}/v1", listener.local_addr().unwrap())), 1000);
    // Time runs ahead only while nothing else is to be done, so the connection is made before.
    let asked = async {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::time::pause();
        socket
    };
    let (error, _socket) = tokio::join!(write(&mut scribe, "hello"), asked);
    assert_eq!(error.unwrap_err().code(), "model_slow");
}

#[test]
fn addresses_and_keys_are_checked_before_anything_is_sent() {
    let refused = |url: &str, key: &str| Model::new(url, Some(Secret::from(key)), "m").unwrap_err();
    for url in ["", "localhost:1234", "ftp://x/v1", "http://user:pass@x/v1", "http://x/v1?key=1"] {
        let error = refused(url, KEY);
        assert_eq!(error.kind, "bad_llm_url", "{url}");
        assert!(!error.to_string().contains("pass"), "{error}");
    }
    let error = refused("http://x/v1", "line\nbreak");
    assert_eq!(error.kind, "bad_llm_key");
    assert!(!format!("{error:?}").contains("break"));
    for url in ["http://x/v1", "http://x/v1/", "https://x/v1/chat/completions"] {
        assert!(Model::new(url, None, "m").is_ok(), "{url}");
    }
}

/// How an endpoint asks for a tool: the name first, then the arguments in two halves.
fn uses(said: &str, name: &str, arguments: &str) -> String {
    let piece = |delta: Value| json!({"model": "tiny-7b", "choices": [{"index": 0, "delta": delta}]});
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let function = |text: &str| json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]});
    let other = json!({"index": 1, "id": "b", "type": "function", "function": {"name": "other", "arguments": "{}"}});
    let all = [
        piece(json!({"content": said})),
        piece(
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": name, "arguments": ""}}]}),
        ),
        piece(function(first)),
        piece(json!({"tool_calls": [other]})),
        piece(function(second)),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}),
    ];
    events(&all, "data: [DONE]\n\n")
}

/// An answer of a person, on its way to the scribe.
fn answered(ask: &wire::Ask, frozen: Value, input: Value) -> Reentry {
    let at = wire::Timestamp::from_millis(0);
    let card = wire::SemaphoreCard {
        id: wire::TokenId::from_bits(1),
        agent_id: wire::AgentId::parse("scribe").unwrap(),
        reason: ask.reason,
        prompt: ask.prompt.clone(),
        options: ask.options.clone(),
        severity: ask.severity,
        created_at: at,
        deadline: None,
        on_timeout: ask.on_timeout,
        escalation: None,
        response_schema: None,
        context: ask.context.clone(),
    };
    let decision = wire::semaphore::Decision {
        verdict: wire::semaphore::Verdict::Answered,
        human_input: input,
        by: "ann".into(),
        at,
        note: None,
    };
    Reentry { card, frozen, decision }
}

#[tokio::test]
async fn a_model_that_is_unsure_asks_and_writes_on_with_the_answer() {
    let ask = r#"{"prompt": "In which language?", "options": ["French", "German", "French"]}"#;
    let endpoint = Endpoint::start([uses("Well. ", "ask_human", ask), says("Bonjour.", 30, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    let (answer, heard) = write(&mut scribe, "Translate: hello").await.unwrap();
    assert_eq!((&answer, heard.chunks.as_slice()), (&Value::Null, [json!("Well. ")].as_slice()));
    let (ask, frozen) = heard.asked.unwrap();
    assert_eq!(
        (ask.prompt.as_str(), ask.options.as_slice()),
        ("In which language?", ["French".into(), "German".into()].as_slice())
    );
    let shown = ask.context.as_ref().unwrap();
    assert_eq!(shown, &json!({"asked_by": "the language model tiny-7b", "told_to_write_about": "Translate: hello"}));
    assert_eq!(scribe.context().turns, 0, "what is not finished is not remembered");
    // A restart in between: only what was put aside is left.
    let mut scribe = endpoint.scribe(1000);
    let reentry = answered(&ask, frozen, json!("French"));
    let Step::Result(answer) = scribe.resume(reentry, &mut StepCx::default()).await.unwrap() else { panic!() };
    assert_eq!((&answer["text"], &answer["tokens"]["input"]), (&json!("Well. Bonjour."), &json!(40)));
    assert_eq!(answer["notes"], json!(["Asked “In which language?”, ann answered: French"]));
    assert_eq!(scribe.context().turns, 1);
    let asked = endpoint.asked();
    assert_eq!(asked[0].body["tools"][0]["function"]["name"], "ask_human");
    let messages = asked[1].body["messages"].as_array().unwrap();
    let [calling, returning] = &messages[messages.len() - 2..] else { panic!() };
    assert_eq!((&calling["role"], &calling["content"]), (&json!("assistant"), &json!("Well. ")));
    let arguments = calling["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
    assert!(calling["tool_calls"].as_array().unwrap().len() == 1 && arguments.contains("German"), "{calling}");
    assert_eq!(returning, &json!({"role": "tool", "content": "French", "tool_call_id": "a"}));
}

#[tokio::test]
async fn what_makes_no_question_is_told_to_the_model_and_it_goes_on() {
    let calls = [
        uses("", "ask_human", "{\"prompt\": \"\"}"),
        uses("", "ask_human", "nonsense"),
        uses("", "rm", "{}"),
        says("Done.", 1, 1),
    ];
    let endpoint = Endpoint::start(calls).await;
    let (answer, heard) = write(&mut endpoint.scribe(1000), "hello").await.unwrap();
    assert_eq!((&answer["text"], heard.asked), (&json!("Done."), None));
    let asked = endpoint.asked();
    let told: Vec<&str> = asked[3].body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|m| m["role"] == "tool")
        .map(|m| m["content"].as_str().unwrap())
        .collect();
    assert!(
        told[0].contains("1 to 4000") && told[1].contains("do not fit") && told[2].contains("no such tool"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_model_that_only_asks_is_stopped() {
    let endpoint = Endpoint::start([uses("", "rm", "{}")]).await;
    let error = write(&mut endpoint.scribe(1000), "hello").await.unwrap_err();
    assert_eq!(error.code(), "model_empty");
    let asked = endpoint.asked();
    assert_eq!((asked.len(), &asked[ASKS_MAX].body["tool_choice"]), (ASKS_MAX + 1, &json!("none")));
}

#[tokio::test]
async fn a_model_without_tools_writes_all_the_same_and_it_is_said_once() {
    let refusal = json!({"error": {"message": "tiny does not support tools"}}).to_string();
    let endpoint = Endpoint::start([reply("400 Bad Request", "", &refusal), says("Hello.", 5, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    let (answer, _) = write(&mut scribe, "Hi").await.unwrap();
    assert_eq!(
        (&answer["text"], &answer["notes"]),
        (&json!("Hello."), &json!(["The model cannot use tools, so it asks nobody."]))
    );
    let (answer, _) = write(&mut scribe, "Hi").await.unwrap();
    assert_eq!(answer["notes"], json!([]));
    assert!(endpoint.asked()[1..].iter().all(|asked| asked.body.get("tools").is_none()));
}

#[tokio::test]
async fn a_scribe_that_asks_nobody_offers_no_tool() {
    let endpoint = Endpoint::start([says("Hello.", 5, 2)]).await;
    let mut scribe = endpoint.scribe(1000);
    scribe.asks = Asks::Never;
    write(&mut scribe, "Hi").await.unwrap();
    assert_eq!(endpoint.asked()[0].body.get("tools"), None);
}
