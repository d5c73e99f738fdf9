//! `omnibus deploy --smoke`: one coin in, half of it out, both read back.

use crate::{
    abi::{ILiquidMinter, ILiquidToken},
    amount::Amount,
    config::Settings,
    error::{Problem, Result},
    output::Output,
    session::Session,
    user,
};
use alloy::primitives::{U256, uint};

/// One coin.
const COIN: U256 = uint!(1_000_000_000_000_000_000_U256);

/// Deposits one coin and redeems half: instantly what the buffer pays, the rest becomes a request.
///
/// # Errors
/// [`Problem::Verification`] when the balances do not say what was done; see [`Session::send`].
pub async fn run(settings: &Settings, out: Output) -> Result<()> {
    let session = Session::open(settings, out).await?;
    let site = &session.site;
    let balance = || async {
        site.read_at(
            site.token,
            &ILiquidToken::balanceOfCall {
                account: session.account(),
            },
        )
        .await
    };
    let before = balance().await?;
    let quoted = site
        .read(&ILiquidMinter::quoteDepositCall { coins: COIN })
        .await?;
    session
        .send(
            "smoke: deposit 1 coin",
            site.minter,
            &ILiquidMinter::submitCall {},
            COIN,
        )
        .await?;
    expect(
        "tokens for 1 coin",
        quoted,
        balance().await?.saturating_sub(before),
    )?;
    let half = quoted / U256::from(2);
    let call = ILiquidMinter::redeemCall {
        amount: half,
        p: user::exit_params(half, U256::ZERO, half, U256::ZERO, 500, session.account()),
    };
    let receipt = session
        .send("smoke: redeem half", site.minter, &call, U256::ZERO)
        .await?;
    expect(
        "tokens left",
        before.saturating_add(quoted).saturating_sub(half),
        balance().await?,
    )?;
    let exit = user::exit_of(&receipt);
    out.note(format!(
        "smoke: 1 coin in, {} tokens out: {} coins now, {} tokens queued",
        Amount(half),
        Amount(exit.paid),
        Amount(exit.queued)
    ));
    expect(
        "tokens redeemed and queued",
        half,
        exit.instant.saturating_add(exit.queued),
    )
}

fn expect(what: &str, expected: U256, found: U256) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Problem::Verification {
        what: what.to_owned(),
        expected: expected.to_string(),
        found: found.to_string(),
    })
}
