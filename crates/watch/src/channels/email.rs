//! E-mail over SMTP.

use super::{Failure, Letter, MOST_TEXT, Secret, is_loopback};
use crate::{Result, WatchError};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use serde::Deserialize;
use std::time::{Duration, UNIX_EPOCH};
use tokio::time::timeout;

/// A mail server may greet late on purpose, and several answers make one mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the way to a mail server is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS from the first byte; port 465.
    Implicit,
    /// The server must offer STARTTLS, and nothing is said before; port 587.
    Starttls,
}

/// A mail server.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its name, which its certificate must carry.
    pub host: String,
    /// Without one: what belongs to `tls`.
    pub port: Option<u16>,
    /// Without one: implicit TLS, except with a server on this machine, which is spoken to in clear (port 25).
    pub tls: Option<MailTls>,
}

/// People who are written to.
#[derive(Debug, Clone)]
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    /// Writes through `server` to all of `to`; `login` is user and password.
    ///
    /// # Errors
    /// [`WatchError::Mail`] when TLS cannot be set up.
    pub fn new(
        server: &MailServer,
        from: Mailbox,
        to: Vec<Mailbox>,
        login: Option<(String, Secret)>,
    ) -> Result<Self> {
        let tls = server
            .tls
            .or_else(|| (!is_loopback(&server.host)).then_some(MailTls::Implicit));
        let parameters = || {
            TlsParameters::new(server.host.clone())
                .map_err(|error| WatchError::Mail(error.to_string()))
        };
        let (tls, port) = match tls {
            Some(MailTls::Implicit) => (Tls::Wrapper(parameters()?), 465),
            Some(MailTls::Starttls) => (Tls::Required(parameters()?), 587),
            None => (Tls::None, 25),
        };
        let port = server.port.unwrap_or(port);
        Ok(Self::through(&server.host, port, tls, from, to, login))
    }

    pub(crate) fn through(
        host: &str,
        port: u16,
        tls: Tls,
        from: Mailbox,
        to: Vec<Mailbox>,
        login: Option<(String, Secret)>,
    ) -> Self {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls);
        let builder = match login {
            Some((user, password)) => {
                builder.credentials(Credentials::new(user, password.expose().to_owned()))
            }
            None => builder,
        };
        Self {
            transport: builder.build(),
            from,
            to,
        }
    }

    pub(super) async fn send(&self, letter: &Letter<'_>) -> Result<(), Failure> {
        let mail = self.write(letter)?;
        match timeout(PATIENCE, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            // What the server says is its own text; it may repeat what it was told.
            Ok(Err(error)) => Err(match error.status() {
                Some(code) => format!("the mail server answered {code}").into(),
                None if error.is_response() => "the mail server's answer makes no sense".into(),
                None => error.to_string().into(),
            }),
            Err(_) => Err("the mail server took too long".into()),
        }
    }

    fn write(&self, letter: &Letter<'_>) -> Result<Message, Failure> {
        let id = format!("<{}@{}>", letter.name(), self.from.email.domain());
        let mail = Message::builder()
            .from(self.from.clone())
            .date(UNIX_EPOCH + Duration::from_secs(letter.now))
            .message_id(Some(id))
            .subject(letter.head())
            // No vacation notice comes back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        let mail = self
            .to
            .iter()
            .fold(mail, |mail, to| mail.to(to.clone()))
            .singlepart(SinglePart::plain(letter.text(MOST_TEXT)));
        mail.map_err(|error| error.to_string().into())
    }
}
