//! The observe sockets, over real ones: order, resuming, narrowing, refusals, the end.

mod support;

use client::{GardenOptions, ObserveOptions};
use serde_json::json;
use support::{TestTerrarium, close_code, event, hello, id, numbers, said, until_said};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};
use wire::{ClientMessage, Position, Seq, frame::Narrow};

fn history(n: usize) -> ObserveOptions {
    ObserveOptions { history: Some(n), since: None }
}

#[tokio::test]
async fn hello_comes_first_then_history_then_live_each_number_once() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    voice.count(0..20).await;
    t.until_seq("polly", 21).await;
    let mut stream = t.client.observe(&id("polly"), &history(4096)).await.unwrap();
    let hello = hello(&mut stream).await;
    assert_eq!((hello.protocol, hello.agent_id, hello.recovered), (1, Some(id("polly")), None));
    assert_eq!(hello.gateway, t.gateway.registry().gateway_id());
    voice.count(20..40).await;
    let seen = until_said(&mut stream, json!(39)).await;
    assert_eq!(said(&seen), numbers(0..40));
    assert!(seen.iter().zip(1..).all(|(e, n)| e.seq == Seq(n)), "ascending without a hole from 1");
}

#[tokio::test]
async fn history_is_as_long_as_asked_for() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    voice.count(0..20).await;
    t.until_seq("polly", 21).await;
    let mut stream = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    let hello = hello(&mut stream).await;
    assert_eq!(event(&mut stream).await.seq.0, hello.head_seq.unwrap().0 + 1);
}

#[tokio::test]
async fn a_position_resumes_right_after_it_or_says_that_it_cannot() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    voice.count(0..10).await;
    t.until_seq("polly", 11).await;
    let mut first = t.client.observe(&id("polly"), &history(4096)).await.unwrap();
    hello(&mut first).await;
    let last = until_said(&mut first, json!(4)).await.pop().unwrap();
    first.close().await;

    let resume = ObserveOptions { history: None, since: Some(last.position()) };
    let mut again = t.client.observe(&id("polly"), &resume).await.unwrap();
    assert_eq!(hello(&mut again).await.recovered, Some(true));
    assert_eq!(event(&mut again).await.seq, last.seq.next());

    let foreign = Position { epoch: wire::Epoch::from_bits(1), seq: Seq(3) };
    let mut lost =
        t.client.observe(&id("polly"), &ObserveOptions { history: None, since: Some(foreign) }).await.unwrap();
    assert_eq!(hello(&mut lost).await.recovered, Some(false));
    assert_eq!(event(&mut lost).await.seq, Seq(1), "the oldest kept");

    let url = t.url("/observe/polly?since=rubbish").replacen("http", "ws", 1);
    let (mut raw, _) = connect_async(url).await.unwrap();
    let text = futures::StreamExt::next(&mut raw).await.unwrap().unwrap().into_text().unwrap();
    assert!(text.contains("\"recovered\":false"), "{text}");
}

#[tokio::test]
async fn an_unknown_agent_is_told_after_the_handshake() {
    let t = TestTerrarium::start().await;
    let mut stream = t.client.observe(&id("nobody"), &history(0)).await.unwrap();
    assert_eq!(close_code(&mut stream).await, Some(4004));
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_close_and_not_one_byte_of_data() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    for path in ["/observe", "/observe/polly"] {
        let ask = |origin: String| {
            let mut request = t.url(path).replacen("http", "ws", 1).into_client_request().unwrap();
            request.headers_mut().insert("origin", origin.parse().unwrap());
            connect_async(request)
        };
        let (mut refused, _) = ask("https://evil.example".to_owned()).await.unwrap();
        let first = futures::StreamExt::next(&mut refused).await.unwrap().unwrap();
        let tokio_tungstenite::tungstenite::Message::Close(Some(close)) = first else { panic!("{first:?}") };
        assert_eq!(u16::from(close.code), 4003);
        let (mut ours, _) = ask(t.gateway.url()).await.unwrap();
        assert!(futures::StreamExt::next(&mut ours).await.unwrap().unwrap().is_text());
    }
}

#[tokio::test]
async fn a_client_frame_over_4_kib_closes_with_1009_and_a_smaller_one_is_ignored() {
    let t = TestTerrarium::start().await;
    let voice = t.parrot("polly");
    let mut stream = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    hello(&mut stream).await;
    stream.send_text("x".repeat(4096)).await.unwrap();
    voice.say("still here").await;
    until_said(&mut stream, json!("still here")).await;
    stream.send_text("x".repeat(100_000)).await.unwrap();
    assert_eq!(close_code(&mut stream).await, Some(1009));
}

#[tokio::test]
async fn one_observer_too_many_is_told_so() {
    let t = TestTerrarium::start_with(|c| c.max_observers = 1).await;
    let _voice = t.parrot("polly");
    let mut first = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    hello(&mut first).await;
    let mut second = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    assert_eq!(close_code(&mut second).await, Some(4029));
}

#[tokio::test]
async fn the_garden_shows_every_agent_and_those_that_come_later() {
    let t = TestTerrarium::start().await;
    let polly = t.parrot("polly");
    let mut stream = t.client.observe_garden(&GardenOptions::default()).await.unwrap();
    let hello = hello(&mut stream).await;
    assert_eq!(hello.agents.unwrap().iter().map(|a| a.agent_id.to_string()).collect::<Vec<_>>(), ["polly"]);
    polly.say("one").await;
    until_said(&mut stream, json!("one")).await;
    let coco = t.parrot("coco");
    coco.say("two").await;
    let seen = until_said(&mut stream, json!("two")).await;
    assert_eq!(seen.last().unwrap().agent_id, id("coco"));
}

#[tokio::test]
async fn the_garden_narrows_on_request_and_never_repeats_a_number() {
    let t = TestTerrarium::start().await;
    let (polly, coco) = (t.parrot("polly"), t.parrot("coco"));
    let mut stream = t.client.observe_garden(&GardenOptions::default()).await.unwrap();
    let first = hello(&mut stream).await;
    polly.say("before").await;
    let seen = until_said(&mut stream, json!("before")).await;
    let since = first.agents.unwrap().into_iter().map(|a| (a.agent_id.to_string(), format!("{}:0", a.epoch))).collect();
    let narrow = Narrow { agents: vec!["polly".into()], types: vec!["result".into()], since };
    stream.send(&ClientMessage::Observe(narrow)).await.unwrap();
    let again = loop {
        if let wire::Frame::Control(wire::frame::Control::Hello(hello)) = support::frame(&mut stream).await {
            break hello;
        }
    };
    assert_eq!(again.recovered, Some(true));
    coco.say("unheard").await;
    polly.say("after").await;
    let after = until_said(&mut stream, json!("after")).await;
    assert_eq!(said(&after), [json!("after")]);
    assert!(after.iter().all(|e| e.agent_id == id("polly") && seen.iter().all(|s| s.position() != e.position())));
}

#[tokio::test]
async fn stopping_tells_every_observer_to_come_back() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    let mut one = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    let mut garden = t.client.observe_garden(&GardenOptions::default()).await.unwrap();
    hello(&mut one).await;
    hello(&mut garden).await;
    let (ended, a, b) = tokio::join!(t.gateway.shutdown(), close_code(&mut one), close_code(&mut garden));
    assert_eq!((a, b), (Some(1012), Some(1012)));
    ended.unwrap();
    assert!(t.client.agents().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_removed_agent_takes_its_observers_along() {
    let t = TestTerrarium::start().await;
    let _voice = t.parrot("polly");
    let mut stream = t.client.observe(&id("polly"), &history(0)).await.unwrap();
    hello(&mut stream).await;
    t.gateway.registry().remove(&id("polly")).await;
    assert_eq!(close_code(&mut stream).await, Some(4010));
}
