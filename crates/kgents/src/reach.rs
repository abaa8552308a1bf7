//! From options and environment to a client: which gateway, with which token. The only file that touches tokens.

use crate::{
    cli::{Options, Secret},
    error::Error,
    out::Out,
};
use client::Client;
use std::{env, fs::File, io::Read as _, path::Path};

/// Where a gateway listens if nobody said otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";
/// Largest token file, in bytes: longer than any token.
const TOKEN_FILE_MAX: u64 = 4096;

/// The client that options and environment ask for. Warns on stderr where a token is in danger.
pub(crate) fn client(options: &Options, out: &Out) -> Result<Client, Error> {
    let client = Client::new(&address(options))?;
    let Some(token) = token(options, out)? else { return Ok(client) };
    if !is_near(client.base()) {
        out.warn(&format!("the token goes to {} over a connection that is not encrypted", client.base()));
    }
    Ok(client.with_token(token.reveal())?)
}

fn address(options: &Options) -> String {
    let given = options.server.clone().or_else(|| env::var("TERRARIUM_URL").ok());
    given.filter(|url| !url.is_empty()).unwrap_or_else(|| DEFAULT_URL.to_owned())
}

fn token(options: &Options, out: &Out) -> Result<Option<Secret>, Error> {
    if let Some(token) = &options.token {
        out.warn("a token on the command line can be seen by other users of this machine; use $TERRARIUM_TOKEN or --token-file");
        return Ok(Some(token.clone()));
    }
    if let Some(path) = &options.token_file {
        return read(path, out).map(Some);
    }
    Ok(env::var("TERRARIUM_TOKEN").ok().filter(|token| !token.is_empty()).map(Secret::new))
}

fn read(path: &Path, out: &Out) -> Result<Secret, Error> {
    let failed = |why: String| Error::Read { what: format!("the token file {}", path.display()), why };
    let file = File::open(path).map_err(|e| failed(e.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(|e| failed(e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            out.warn(&format!(
                "other users of this machine may read {0}; `chmod 600 {0}` keeps it yours",
                path.display()
            ));
        }
    }
    let mut text = String::new();
    // What is in the file is not repeated in an error: it may be a secret, if not a token.
    file.take(TOKEN_FILE_MAX).read_to_string(&mut text).map_err(|_| failed("it is not a text".to_owned()))?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// Whether the address is this machine's own.
fn is_near(url: &str) -> bool {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.split(':').next().unwrap_or(host),
    };
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn only_this_machine_is_near() {
        for near in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "http://127.9.9.9/x"] {
            assert!(is_near(near), "{near}");
        }
        for far in
            ["http://10.0.0.1", "http://localhost.example.org", "http://127.0.0.1@evil.example:80", "http://[::2]"]
        {
            assert!(!is_near(far), "{far}");
        }
    }
}
