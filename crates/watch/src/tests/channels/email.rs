//! E-mail, against a small SMTP server.

use super::*;
use crate::{Email, MailServer, MailTls};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A connection, in clear or not.
trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}
type Stream = BufReader<Box<dyn Line>>;

/// A mail as it came: between DATA and the dot, dots of lines taken off again.
#[derive(Clone, Debug, Default)]
struct Mail {
    from: String,
    to: Vec<String>,
    raw: String,
    text: String,
}

impl Mail {
    /// Headers by name in small letters, each once, unfolded; and the body, decoded, without the line ends at its end.
    fn parts(&self) -> (BTreeMap<String, String>, String) {
        let (head, body) = self.text.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let mut headers = BTreeMap::new();
        for line in head.split("\r\n") {
            let (name, value) = line.split_once(": ").unwrap();
            let again = headers.insert(name.to_ascii_lowercase(), value.to_owned());
            assert!(again.is_none(), "{name} twice");
        }
        let body = match headers["content-transfer-encoding"].as_str() {
            "7bit" => body.to_owned(),
            "quoted-printable" => quoted_printable(body),
            "base64" => base64(body),
            other => panic!("{other}"),
        };
        (headers, body.trim_end_matches("\r\n").to_owned())
    }
}

/// RFC 2045, 6.7.
fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// RFC 4648, 4.
fn base64(text: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.chars().filter(|c| !"=\r\n".contains(*c)) {
        bits = bits << 6 | DIGITS.find(digit).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A mail server that notes what is said to it.
#[derive(Clone, Default)]
struct Post {
    mails: Arc<Mutex<Vec<Mail>>>,
    said: Arc<Mutex<Vec<String>>>,
    /// Answers to the next commands with these words; `.` is the end of a mail.
    replies: Arc<Mutex<VecDeque<(&'static str, &'static str)>>>,
    tls: Option<MailTls>,
    /// Without one it looks at the first byte of what should be TLS, and hangs up.
    certificate: Option<TlsAcceptor>,
    first: Arc<Mutex<Option<u8>>>,
}

impl Post {
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let post = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let post = post.clone();
                tokio::spawn(async move { post.talk(stream).await });
            }
        });
        port
    }

    fn next(&self, word: &'static str, reply: &'static str) {
        self.replies.lock().unwrap().push_back((word, reply));
    }

    fn reply(&self, word: &str, usual: &str) -> String {
        let mut replies = self.replies.lock().unwrap();
        match replies.front() {
            Some((expected, _)) if *expected == word => replies.pop_front().unwrap().1.to_owned(),
            _ => usual.to_owned(),
        }
    }

    /// The same connection, from here on under TLS.
    async fn secure(&self, mut stream: Stream) -> Option<Stream> {
        let Some(certificate) = &self.certificate else {
            *self.first.lock().unwrap() = Some(stream.read_u8().await.ok()?);
            return None;
        };
        let secure = certificate.accept(stream.into_inner()).await.ok()?;
        Some(BufReader::new(Box::new(secure)))
    }

    /// One conversation, until the other side hangs up.
    async fn talk(&self, stream: impl Line + 'static) -> Option<()> {
        let mut stream: Stream = BufReader::new(Box::new(stream));
        let mut clear = self.tls == Some(MailTls::Starttls);
        if self.tls == Some(MailTls::Implicit) {
            stream = self.secure(stream).await?;
        }
        let mut mail = Mail::default();
        write(&mut stream, "220 mail.test ESMTP").await?;
        loop {
            let line = line(&mut stream).await?;
            self.said.lock().unwrap().push(line.clone());
            let word = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
            let reply = match word.as_str() {
                "EHLO" if clear => "250-mail.test\r\n250 STARTTLS".to_owned(),
                "EHLO" => self.reply("EHLO", "250-mail.test\r\n250 AUTH PLAIN"),
                "AUTH" => self.reply("AUTH", "235 2.7.0 welcome"),
                "STARTTLS" => {
                    write(&mut stream, "220 go ahead").await?;
                    stream = self.secure(stream).await?;
                    clear = false;
                    continue;
                }
                "MAIL" => {
                    mail = Mail {
                        from: address(&line),
                        ..Mail::default()
                    };
                    self.reply("MAIL", "250 2.1.0 ok")
                }
                "RCPT" => {
                    mail.to.push(address(&line));
                    self.reply("RCPT", "250 2.1.5 ok")
                }
                "DATA" => {
                    write(&mut stream, "354 go ahead").await?;
                    loop {
                        let line = self::line(&mut stream).await?;
                        mail.raw += &format!("{line}\r\n");
                        if line == "." {
                            break;
                        }
                        let line = line.strip_prefix('.').unwrap_or(&line);
                        mail.text += &format!("{line}\r\n");
                    }
                    self.mails.lock().unwrap().push(mail.clone());
                    self.reply(".", "250 2.0.0 queued")
                }
                "QUIT" => "221 2.0.0 bye".to_owned(),
                _ => "500 5.5.1 what?".to_owned(),
            };
            write(&mut stream, &reply).await?;
        }
    }
}

async fn write(stream: &mut Stream, line: &str) -> Option<()> {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()
}

/// A line, which must end as SMTP's lines do.
async fn line(stream: &mut Stream) -> Option<String> {
    let mut line = String::new();
    stream
        .read_line(&mut line)
        .await
        .ok()
        .filter(|read| *read > 0)?;
    let line = line.strip_suffix("\r\n").expect("CRLF");
    assert!(!line.contains('\r') && line.len() <= 998, "{line:?}");
    assert!(line.is_ascii(), "8BITMIME was not offered: {line:?}");
    Some(line.to_owned())
}

fn address(line: &str) -> String {
    let address = line.split_once('<').unwrap().1;
    address.split_once('>').unwrap().0.to_owned()
}

fn email(port: u16, tls: Option<MailTls>, login: bool) -> Channel {
    let server = MailServer {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        tls,
    };
    let from = "Omnibus <omnibus@example.org>".parse().unwrap();
    let to = ["ops@example.org", "boss@example.net"].map(|to| to.parse().unwrap());
    let login = login.then(|| ("user".to_owned(), Secret::new("smtp-pass".to_owned())));
    Channel::Email(Box::new(
        Email::new(&server, from, to.to_vec(), login).unwrap(),
    ))
}

#[tokio::test]
async fn o10_mail_is_written_and_sent_to_everybody() {
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, None, false))]).await;
    site.raise(TITLE, ".a line with a dot").await;
    site.deliver().await;
    assert_eq!(site.message(1).await.state, MessageState::Sent);
    let mail = post.mails.lock().unwrap().remove(0);
    assert_eq!(mail.from, "omnibus@example.org");
    assert_eq!(mail.to, ["ops@example.org", "boss@example.net"]);
    let (headers, body) = mail.parts();
    // printf 'test/main\ngas-low:0xab\n1700000000' | sha256sum | cut -c1-32
    let id = "<1.8c74227880fa55dc7e7c367eb5f1480e@example.org>";
    for (name, value) in [
        ("from", "Omnibus <omnibus@example.org>"),
        ("to", "ops@example.org, boss@example.net"),
        ("subject", "[critical] Gas is low"),
        ("message-id", id),
        ("date", "Wed, 18 May 2033 03:33:20 +0000"),
        ("auto-submitted", "auto-generated"),
        ("content-type", "text/plain; charset=utf-8"),
        ("mime-version", "1.0"),
    ] {
        assert_eq!(headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(headers.len(), 9, "{headers:?}");
    let expected = format!("[critical] Gas is low\r\n.a line with a dot\r\n{FACTS}");
    assert_eq!(body, expected);
    assert!(
        mail.raw.contains("\r\n..a line with a dot\r\n"),
        "a dot is doubled on its way"
    );
    // Nobody logged in: there is no login.
    let said = post.said.lock().unwrap();
    assert!(
        said.iter().all(|line| !line.starts_with("AUTH")),
        "{said:?}"
    );
}

#[tokio::test]
async fn o10_mail_that_is_sent_again_has_the_same_id_and_another_one_another() {
    let post = Post::default();
    let port = post.start().await;
    let mut ids = Vec::new();
    let id = |mail: &Mail| mail.parts().0["message-id"].clone();
    let mut site = Site::new([("c", email(port, None, false))]).await;
    site.raise(TITLE, DETAIL).await;
    // The server has it and says that it has not: the worst case.
    post.next(".", "451 4.3.0 try again");
    site.deliver().await;
    assert_eq!(
        site.message(1).await.last_error.unwrap(),
        "the mail server answered 451"
    );
    site.deliver().await;
    site.resolve().await;
    site.deliver().await;
    ids.extend(post.mails.lock().unwrap().drain(..).map(|mail| id(&mail)));
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    // A new store numbers its messages from one again.
    let mut site = Site::new([("c", email(port, None, false))]).await;
    let raise = Raise {
        dedupe: "gas-low:0xab".to_owned(),
        rule: "gas-low".to_owned(),
        severity: Severity::Critical,
        title: TITLE.to_owned(),
        detail: DETAIL.to_owned(),
        block: 78,
        at: OPENED + 1,
        channels: vec!["c".to_owned()],
        cooldown: 0,
    };
    site.store
        .apply_alerts(vec![AlertOp::Raise(raise)])
        .await
        .unwrap();
    site.deliver().await;
    let other = id(&post.mails.lock().unwrap()[0]);
    assert!(other.starts_with("<1.") && ids[0].starts_with("<1."));
    assert_ne!(other, ids[0]);
}

#[tokio::test]
async fn o10_a_mail_server_refuses_at_every_step() {
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, None, true))]).await;
    site.raise(TITLE, DETAIL).await;
    for (word, reply, code) in [
        ("EHLO", "421 4.3.2 smtp-pass", "421"),
        ("AUTH", "535 5.7.8 smtp-pass is wrong", "535"),
        ("MAIL", "550 5.7.1 no", "550"),
        ("RCPT", "550 5.1.1 unknown", "550"),
        (".", "554 5.6.0 spam", "554"),
    ] {
        post.next(word, reply);
        site.deliver().await;
        let message = site.message(1).await;
        assert_eq!(message.state, MessageState::Pending, "{word}");
        let error = message.last_error.unwrap();
        assert_eq!(error, format!("the mail server answered {code}"));
    }
    site.deliver().await;
    assert_eq!(site.message(1).await.state, MessageState::Sent);
    // What it says is no SMTP at all.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 smtp-pass\r\n\r\n")
            .await
            .unwrap();
    });
    let mut site = Site::new([("c", email(port, None, true))]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let error = site.message(1).await.last_error.unwrap();
    assert_eq!(error, "the mail server's answer makes no sense");
}

#[tokio::test]
async fn o15_who_logs_in_is_told_to_the_mail_server_alone() {
    let post = Post::default();
    let port = post.start().await;
    let channel = email(port, None, true);
    let shown = format!("{channel:?}");
    assert!(
        shown.contains("127.0.0.1") && !shown.contains("smtp-pass"),
        "{shown}"
    );
    let mut site = Site::new([("c", channel)]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let said = post.said.lock().unwrap();
    // printf '\0user\0smtp-pass' | base64
    assert_eq!(said[1], "AUTH PLAIN AHVzZXIAc210cC1wYXNz");
    assert_eq!(post.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn o15_without_tls_nothing_is_said_where_tls_is_wanted() {
    // The server does not offer it, as one in the middle would have it.
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, Some(MailTls::Starttls), true))]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    let error = site.message(1).await.last_error.unwrap();
    assert!(error.contains("STARTTLS"), "{error}");
    let said = post.said.lock().unwrap().clone();
    assert!(
        said.iter()
            .all(|l| l.starts_with("EHLO") || l.starts_with("QUIT")),
        "{said:?}"
    );
    // It offers it: the next byte begins a handshake of TLS (22).
    let post = Post {
        tls: Some(MailTls::Starttls),
        ..Post::default()
    };
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, Some(MailTls::Starttls), true))]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    assert_eq!(site.message(1).await.state, MessageState::Pending);
    assert_eq!(*post.first.lock().unwrap(), Some(22));
    assert_eq!(post.said.lock().unwrap().len(), 2);
    // From the first byte.
    let post = Post {
        tls: Some(MailTls::Implicit),
        ..Post::default()
    };
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, Some(MailTls::Implicit), true))]).await;
    site.raise(TITLE, DETAIL).await;
    site.deliver().await;
    assert_eq!(site.message(1).await.state, MessageState::Pending);
    assert_eq!(*post.first.lock().unwrap(), Some(22));
    assert!(post.said.lock().unwrap().is_empty());
}

#[tokio::test]
async fn o15_mail_goes_under_tls_to_a_server_with_the_right_certificate_only() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = rustls::crypto::ring::default_provider();
    let server = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))
        .unwrap();
    let certificate = TlsAcceptor::from(Arc::new(server));
    // The name that the certificate must carry, and whether its issuer is known to us.
    let parameters = |name: &str, known: bool| {
        let builder = TlsParameters::builder(name.to_owned());
        let root = Certificate::from_der(made.cert.der().to_vec()).unwrap();
        let builder = if known {
            builder.add_root_certificate(root)
        } else {
            builder
        };
        builder.build().unwrap()
    };
    for tls in [MailTls::Implicit, MailTls::Starttls] {
        let post = Post {
            tls: Some(tls),
            certificate: Some(certificate.clone()),
            ..Post::default()
        };
        let port = post.start().await;
        for (name, known) in [
            ("localhost", false),
            ("mail.example.org", true),
            ("localhost", true),
        ] {
            let taken = name == "localhost" && known;
            let parameters = parameters(name, known);
            let way = match tls {
                MailTls::Implicit => Tls::Wrapper(parameters),
                MailTls::Starttls => Tls::Required(parameters),
            };
            let from = "omnibus@example.org".parse().unwrap();
            let to = vec!["ops@example.org".parse().unwrap()];
            let login = Some(("user".to_owned(), Secret::new("smtp-pass".to_owned())));
            let mail = Email::through("127.0.0.1", port, way, from, to, login);
            let mut site = Site::new([("c", Channel::Email(Box::new(mail)))]).await;
            site.raise(TITLE, DETAIL).await;
            site.deliver().await;
            let message = site.message(1).await;
            let why = format!("{tls:?} {name} {known}: {:?}", message.last_error);
            assert_eq!(message.state == MessageState::Sent, taken, "{why}");
            let said = post.said.lock().unwrap();
            let logins = said.iter().filter(|line| line.starts_with("AUTH")).count();
            assert_eq!(logins, usize::from(taken), "{why}");
            assert_eq!(
                post.mails.lock().unwrap().len(),
                usize::from(taken),
                "{why}"
            );
        }
    }
}

#[test]
fn o15_only_a_server_on_this_machine_is_spoken_to_in_clear() {
    for (host, tls, port, how) in [
        ("mail.example.org", None, 465, "Wrapper"),
        ("mail.example.org", Some(MailTls::Implicit), 465, "Wrapper"),
        ("mail.example.org", Some(MailTls::Starttls), 587, "Required"),
        ("127.0.0.1.example.org", None, 465, "Wrapper"),
        ("localhost", None, 25, "None"),
        ("::1", Some(MailTls::Starttls), 587, "Required"),
    ] {
        let server = MailServer {
            host: host.to_owned(),
            port: None,
            tls,
        };
        let from = "omnibus@example.org".parse().unwrap();
        let shown = format!("{:?}", Email::new(&server, from, vec![], None).unwrap());
        assert!(shown.contains(&format!("port: {port}")), "{host}: {shown}");
        assert!(shown.contains(&format!("tls: {how}")), "{host}: {shown}");
    }
}

#[tokio::test]
async fn o16_hostile_text_makes_no_header_no_command_and_no_end_of_mail() {
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, None, false))]).await;
    let title = "x\r\nBcc: evil@example.org\r\n\r\nbody";
    site.raise(title, "y\r\n.\r\nMAIL FROM:<evil@example.org>")
        .await;
    site.deliver().await;
    let mail = post.mails.lock().unwrap().remove(0);
    let (headers, body) = mail.parts();
    assert_eq!(
        headers["subject"],
        "[critical] x  Bcc: evil@example.org    body"
    );
    assert!(!headers.contains_key("bcc"));
    let expected = format!(
        "[critical] x  Bcc: evil@example.org    body\r\ny  .  MAIL FROM:<evil@example.org>\r\n{FACTS}"
    );
    assert_eq!(body, expected);
    let said = post.said.lock().unwrap().clone();
    let commands: Vec<_> = said
        .iter()
        .map(|l| l.split([' ', ':']).next().unwrap())
        .collect();
    assert_eq!(commands, ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]);
    assert_eq!(mail.to, ["ops@example.org", "boss@example.net"]);
}

/// Far more than ASCII, and long: the server of these tests refuses a line that is too long or not ASCII.
#[tokio::test]
async fn o16_text_of_any_script_is_encoded_and_cut() {
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", email(port, None, false))]).await;
    site.raise(&"Ü".repeat(500), &"😀".repeat(5_000)).await;
    site.deliver().await;
    assert_eq!(site.message(1).await.state, MessageState::Sent);
    let mail = post.mails.lock().unwrap().remove(0);
    let (headers, body) = mail.parts();
    // RFC 2047: every word for itself, blanks between them mean nothing.
    let (first, words) = headers["subject"].split_once(' ').unwrap();
    let words = words.split(' ').map(|word| {
        let word = word.strip_prefix("=?utf-8?b?")?;
        word.strip_suffix("?=").map(base64)
    });
    let subject: Option<String> = words.collect();
    assert_eq!(first, "[critical]");
    let title = format!("{}…", "Ü".repeat(288));
    assert_eq!(subject.as_ref(), Some(&title), "{headers:?}");
    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines[0], format!("[critical] {title}"));
    assert!(lines[1].starts_with("😀😀") && lines[1].ends_with("😀…"));
    assert_eq!(lines[2], FACTS);
    let length = body.replace("\r\n", "\n").encode_utf16().count();
    assert!((3_999..=4_000).contains(&length), "{length}");
}

#[tokio::test]
async fn o10_dead_mail_is_told_in_slack_and_dead_slack_by_mail() {
    let post = Post::default();
    let port = post.start().await;
    let (wire, slack) = slack().await;
    let mut site = Site::new([("c", email(port, None, false)), ("slack", slack)]).await;
    site.raise(TITLE, DETAIL).await;
    for _ in 0..5 {
        post.next("RCPT", "550 5.1.1 unknown");
        site.deliver().await;
    }
    assert_eq!(site.deliver().await, 2);
    let body = wire.last().1;
    let text = body["text"].as_str().unwrap();
    let expected = "[critical] An alert channel does not take messages\nchannel c: the mail server answered 550\n";
    assert!(text.starts_with(expected), "{text}");
    site.deliver().await;

    let (wire, slack) = super::slack().await;
    let post = Post::default();
    let port = post.start().await;
    let mut site = Site::new([("c", slack), ("mail", email(port, None, false))]).await;
    site.raise(TITLE, DETAIL).await;
    for _ in 0..5 {
        wire.next(Reply::new(404, "no_service"));
        site.deliver().await;
    }
    assert!(post.mails.lock().unwrap().is_empty());
    site.deliver().await;
    let (headers, body) = post.mails.lock().unwrap()[0].parts();
    assert_eq!(
        headers["subject"],
        "[critical] An alert channel does not take messages"
    );
    assert!(
        body.contains("channel c: the channel answered 404"),
        "{body}"
    );
}
