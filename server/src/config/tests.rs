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
