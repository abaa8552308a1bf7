//! Precedence, validation and wording of the configuration.

use super::*;
use std::io::Write as _;

fn load(flags: &Flags, env: &[(&str, &str)]) -> Result<(Config, Settings), ConfigError> {
    let look = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    let settings = Settings::gather(flags, look)?;
    Ok((Config::build(&settings)?, settings))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn with_file(file: &tempfile::NamedTempFile) -> Flags {
    Flags { config: Some(file.path().display().to_string()), data: Some("/tmp/x".into()), ..Flags::default() }
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let toml = file("port = 3\nhistory = 3\nlog = \"json\"\n");
    let flags = Flags { port: Some("1".into()), ..with_file(&toml) };
    let (config, settings) = load(&flags, &[("TERRARIUM_PORT", "2"), ("TERRARIUM_HISTORY", "2")]).unwrap();
    assert_eq!((config.port, config.history, config.log), (1, 2, LogFormat::Json));
    let source = |key| settings.get(key).source.to_string();
    assert_eq!(["port", "history", "log", "observe"].map(source), ["flag", "env", "file", "default"]);
}

#[test]
fn a_bad_value_names_key_source_value_and_an_example() {
    let flags = Flags { data: Some("/tmp/x".into()), ..Flags::default() };
    let why = load(&flags, &[("TERRARIUM_PORT", "abc")]).unwrap_err().to_string();
    assert_eq!(
        why,
        "port: \"abc\" (from TERRARIUM_PORT) is not a port; a port is a number from 1 to 65535, or 0 for a free one; \
         for example 8080"
    );
    let toml = file("port = 99999");
    let why = load(&with_file(&toml), &[]).unwrap_err().to_string();
    assert!(why.contains("\"99999\"") && why.contains(&toml.path().display().to_string()), "{why}");
}

#[test]
fn an_unknown_key_in_the_file_is_an_error_with_the_nearest_key() {
    let why = load(&with_file(&file("prot = 1")), &[]).unwrap_err().to_string();
    assert!(why.contains("prot") && why.contains("did you mean port?"), "{why}");
}

#[test]
fn an_address_is_a_number_and_a_policy_is_one_of_two() {
    let flags = |host: &str| Flags { host: Some(host.into()), data: Some("/tmp/x".into()), ..Flags::default() };
    for closed in ["127.0.0.1", "::1", "[::1]", "localhost"] {
        assert!(load(&flags(closed), &[]).unwrap().0.host.is_loopback());
    }
    assert!(load(&flags("0.0.0.0"), &[]).unwrap().0.host.is_unspecified(), "the gateway decides, when it knows tokens");
    assert!(load(&flags("example.org"), &[]).unwrap_err().to_string().contains("IP number"));
    assert_eq!(load(&flags("::1"), &[("TERRARIUM_OBSERVE", "token")]).unwrap().0.observe, Observe::Token);
    let why = load(&flags("::1"), &[("TERRARIUM_OBSERVE", "friends")]).unwrap_err().to_string();
    assert!(why.contains("public and token"), "{why}");
}

#[test]
fn what_config_prints_is_a_file_it_reads_back() {
    let flags = Flags {
        tail: vec!["/var/log/a \"b\".log".into()],
        data: Some("/tmp/x".into()),
        no_host_agent: true,
        ..Flags::default()
    };
    let (first, settings) = load(&flags, &[]).unwrap();
    let toml = file(&settings.to_string());
    let again = Flags { config: Some(toml.path().display().to_string()), ..Flags::default() };
    let (second, _) = load(&again, &[]).unwrap();
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

#[test]
fn a_model_needs_a_name_and_an_address_that_is_one() {
    let flags = Flags { data: Some("/tmp/x".into()), ..Flags::default() };
    let url = ("TERRARIUM_LLM_URL", "http://127.0.0.1:11434/v1");
    let why = load(&flags, &[url]).unwrap_err().to_string();
    assert!(why.contains("llm_model is missing") && why.contains("--llm-model"), "{why}");
    let (config, _) = load(&flags, &[url, ("TERRARIUM_LLM_MODEL", "tiny")]).unwrap();
    assert_eq!((config.scribe.url.as_deref(), config.scribe.model.as_str()), (Some(url.1), "tiny"));
    assert_eq!(config.scribe.context_window_tokens, 8192);
    for wrong in ["localhost:11434", "ftp://x", "http://"] {
        let why = load(&flags, &[("TERRARIUM_LLM_URL", wrong)]).unwrap_err().to_string();
        assert!(why.contains("llm_url") && why.contains(wrong), "{why}");
    }
    assert!(
        load(&flags, &[]).unwrap().0.scribe.url.is_none(),
        "without an address there is no model, and that is fine"
    );
    assert_eq!(load(&flags, &[("TERRARIUM_SCRIBE_ASKS", "never")]).unwrap().0.scribe.asks, scribe::Asks::Never);
    let why = load(&flags, &[("TERRARIUM_SCRIBE_ASKS", "often")]).unwrap_err().to_string();
    assert!(why.contains("never and when_unsure"), "{why}");
    let why = load(&flags, &[("TERRARIUM_LLM_CONTEXT", "many")]).unwrap_err().to_string();
    assert!(why.contains("512 to 10000000"), "{why}");
}

#[test]
fn the_key_of_the_model_is_never_shown() {
    let toml = file("llm_key = \"sk-secret\"\n");
    let from_file = load(&with_file(&toml), &[]).unwrap();
    let flags = Flags { data: Some("/tmp/x".into()), ..Flags::default() };
    let from_env = load(&flags, &[("TERRARIUM_LLM_KEY", "sk-secret")]).unwrap();
    for (config, settings) in [from_file, from_env] {
        assert!(config.scribe.key.is_some());
        let shown = format!("{settings} {settings:?} {config:?}");
        assert!(!shown.contains("sk-secret") && shown.contains("llm_key is set and not shown"), "{shown}");
    }
}

#[test]
fn policies_and_limits_are_lists_and_say_what_they_take() {
    let flags = Flags { data: Some("/tmp/x".into()), ..Flags::default() };
    let env = [("TERRARIUM_FEVER_POLICIES", "throttle, scribe=ask"), ("TERRARIUM_VELOCITY_LIMITS", "same_output=0")];
    let (config, settings) = load(&flags, &env).unwrap();
    let of = |name: &str| config.policies.of(&wire::AgentId::parse(name).unwrap()).as_str();
    assert_eq!((of("scribe"), of("host"), config.limits.same_output), ("ask", "throttle", 0));
    let shown = settings.to_string();
    assert!(shown.contains("fever_policies = [\"throttle\", \"scribe=ask\"]"), "{shown}");

    let wrong = Flags { fever_policies: vec!["scribe=panic".into()], ..flags.clone() };
    let why = load(&wrong, &[]).unwrap_err().to_string();
    assert!(why.contains("--fever-policy") && why.contains("note, throttle and ask"), "{why}");
    let wrong = Flags { velocity_limits: vec!["speed=1".into()], ..flags };
    let why = load(&wrong, &[]).unwrap_err().to_string();
    assert!(why.contains("--velocity-limit") && why.contains("tokens_per_minute, errors_per_minute"), "{why}");
}
