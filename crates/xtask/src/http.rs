//! A blocking HTTP/1.1 GET over one connection: enough to look at our own gateway, and no more (no TLS, no redirects).

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream, ToSocketAddrs},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};

/// How long a connection may stay silent.
const SILENCE: Duration = Duration::from_secs(10);

/// A whole answer, with chunked bodies put together.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// `GET path` from `host:port`; `encoding` becomes `Accept-Encoding`.
pub(crate) fn get(host: &str, port: u16, path: &str, encoding: Option<&str>) -> Result<Answer> {
    let address = (host, port).to_socket_addrs()?.next().with_context(|| format!("{host} names no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, SILENCE)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let accept = encoding.map(|name| format!("Accept-Encoding: {name}\r\n")).unwrap_or_default();
    let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {shown}:{port}\r\nUser-Agent: terrarium-xtask\r\nAccept: */*\r\n{accept}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).with_context(|| format!("the answer to GET {path} broke off"))?;
    parse(&raw).with_context(|| format!("GET {path} was answered with something that is not HTTP/1.1"))
}

/// A port nobody listens on at this moment.
pub(crate) fn free_port(host: &str) -> Result<u16> {
    let listener = TcpListener::bind((host, 0)).with_context(|| format!("no free port could be found on {host}"))?;
    Ok(listener.local_addr()?.port())
}

fn parse(raw: &[u8]) -> Result<Answer> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| anyhow!("the headers do not end"))?;
    let (head, rest) = (String::from_utf8_lossy(&raw[..end]), &raw[end + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| anyhow!("there is no status line"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: Vec::new() };
    let chunked = answer.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    answer.body = if chunked { unchunk(rest)? } else { rest.to_vec() };
    if let Some(length) = answer.header("content-length").and_then(|value| value.parse::<usize>().ok())
        && length != answer.body.len()
    {
        bail!("{length} bytes were promised and {} came", answer.body.len());
    }
    Ok(answer)
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").ok_or_else(|| anyhow!("a chunk has no size"))?;
        let size_text = String::from_utf8_lossy(&rest[..line]);
        let size_text = size_text.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size_text, 16).context("a chunk's size is not a number")?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(..size).ok_or_else(|| anyhow!("the last chunk broke off"))?;
        body.extend_from_slice(chunk);
        rest = rest.get(size + 2..).ok_or_else(|| anyhow!("the last chunk broke off"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_bodies_are_joined() {
        let answer =
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                .unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
    }

    #[test]
    fn short_bodies_are_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc").is_err());
    }
}
