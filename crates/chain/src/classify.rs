//! Whose fault is a JSON-RPC error: the request's, the endpoint's, or nobody's?

use crate::RpcFailure;

/// What an error object says about the endpoint that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every honest node would say the same. Never the endpoint's fault.
    Deterministic,
    /// The log range is too wide for this provider.
    Range,
    /// Slow down.
    Throttled,
    /// The node does not have the block (yet).
    Behind,
    /// The node does not offer the method.
    Unsupported,
    /// Ask somebody else, then decide.
    Doubtful,
}

const RANGE: &[&str] = &[
    "query returned more than",
    "log response size exceeded",
    "response size exceeded",
    "response size should not",
    "response too large",
    "response is too big",
    "block range",
    "blocks range",
    "range is too",
    "range too",
    "too many blocks",
    "too many results",
    "too many logs",
    "max results",
    "maximum is set to",
    "exceeds limit of",
    "exceed max",
    "exceeds max",
    "exceeds the range",
    "is limited to",
    "limit the query",
    "query timeout",
    "10,000 range",
    "range over",
    "ranges over",
];

const THROTTLED: &[&str] = &[
    "rate limit",
    "ratelimit",
    "rate exceeded",
    "too many requests",
    "request limit",
    "credits limited",
    "capacity exceeded",
    "compute units",
    "concurrent requests",
    "daily request count",
    "exceeded its",
    "usage limit",
    "quota",
];

const BEHIND: &[&str] = &[
    "header not found",
    "block not found",
    "unknown block",
    "missing trie node",
    "could not find block",
    "cannot find block",
    "block is out of range",
    "beyond head",
    "after last accepted block",
    "state not available",
    "state is not available",
    "pruned",
];

const DETERMINISTIC: &[&str] = &[
    "revert",
    "nonce too low",
    "nonce too high",
    "already known",
    "known transaction",
    "already imported",
    "underpriced",
    "insufficient funds",
    "intrinsic gas",
    "gas limit",
    "out of gas",
    "gas required exceeds",
    "less than block base fee",
    "max fee per gas",
    "priority fee",
    "invalid opcode",
    "invalid sender",
    "invalid signature",
    "invalid chain id",
    "oversized data",
    "stack underflow",
    "stack overflow",
    "invalid jump",
    "max initcode size",
    "code size",
    "transaction type not supported",
];

/// Judges `error`, an answer to `method`.
pub(crate) fn judge(method: &str, error: &RpcFailure) -> Verdict {
    let message = error.message.to_ascii_lowercase();
    let says = |list: &[&str]| list.iter().any(|words| message.contains(words));
    if error.is_revert() {
        return Verdict::Deterministic;
    }
    // Before the rate limits: one provider uses -32005 for both.
    if method == "eth_getLogs" && says(RANGE) {
        return Verdict::Range;
    }
    if matches!(error.code, 429 | -32029 | -32097 | -32055) || says(THROTTLED) {
        return Verdict::Throttled;
    }
    if error.code == -32601
        || message.contains("method not found")
        || message.contains("does not exist/is not available")
    {
        return Verdict::Unsupported;
    }
    if error.code == -32001 || says(BEHIND) {
        return Verdict::Behind;
    }
    if says(DETERMINISTIC) {
        return Verdict::Deterministic;
    }
    if error.code == -32005 {
        return Verdict::Throttled;
    }
    Verdict::Doubtful
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(method: &str, code: i64, message: &str) -> Verdict {
        judge(
            method,
            &RpcFailure {
                code,
                message: message.into(),
                data: None,
            },
        )
    }

    #[test]
    fn o1_words_of_real_providers_are_judged() {
        for (method, code, message, expected) in [
            (
                "eth_getLogs",
                -32005,
                "query returned more than 10000 results",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32602,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32000,
                "exceed maximum block range: 5000",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32614,
                "eth_getLogs is limited to a 10,000 range",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32000,
                "requested too many blocks from 0 to 16777216, maximum is set to 2048",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32005,
                "logs matched by query exceeds limit of 10000",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32000,
                "block range is too wide",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                35,
                "ranges over 10000 blocks are not supported on freetier",
                Verdict::Range,
            ),
            (
                "eth_getLogs",
                -32005,
                "daily request count exceeded, request rate limited",
                Verdict::Throttled,
            ),
            ("eth_call", -32005, "limit exceeded", Verdict::Throttled),
            (
                "eth_call",
                429,
                "Your app has exceeded its compute units per second capacity",
                Verdict::Throttled,
            ),
            (
                "eth_call",
                3,
                "execution reverted: paused",
                Verdict::Deterministic,
            ),
            (
                "eth_call",
                -32000,
                "execution reverted",
                Verdict::Deterministic,
            ),
            (
                "eth_call",
                -32000,
                "VM Exception while processing transaction: revert",
                Verdict::Deterministic,
            ),
            (
                "eth_sendRawTransaction",
                -32000,
                "nonce too low: next nonce 5, tx nonce 4",
                Verdict::Deterministic,
            ),
            (
                "eth_sendRawTransaction",
                -32000,
                "already known",
                Verdict::Deterministic,
            ),
            (
                "eth_sendRawTransaction",
                -32000,
                "replacement transaction underpriced",
                Verdict::Deterministic,
            ),
            (
                "eth_sendRawTransaction",
                -32003,
                "insufficient funds for gas * price + value",
                Verdict::Deterministic,
            ),
            ("eth_call", -32000, "header not found", Verdict::Behind),
            (
                "eth_call",
                -32000,
                "missing trie node 1234 (path )",
                Verdict::Behind,
            ),
            (
                "eth_getBlockReceipts",
                -32601,
                "the method eth_getBlockReceipts does not exist/is not available",
                Verdict::Unsupported,
            ),
            ("eth_call", -32603, "Internal error", Verdict::Doubtful),
        ] {
            assert_eq!(judged(method, code, message), expected, "{message}");
        }
    }
}
