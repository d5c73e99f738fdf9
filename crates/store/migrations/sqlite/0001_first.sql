-- Conventions: U256 and hashes are 32 big-endian bytes, addresses 20, times unix seconds, booleans 0 / 1.
-- Everything between "chain" and "derived" is a function of the chain alone: two indexes of one history are equal there byte for byte.

-- ---------------------------------------------------------------- meta
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
-- One row: who may write signed bytes. `fence` only grows.
CREATE TABLE leader (id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL, fence INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;

-- ---------------------------------------------------------------- chain
-- Each block of the reorg window, and of older ones those that carry events.
CREATE TABLE blocks (
  number INTEGER PRIMARY KEY, hash BLOB NOT NULL, parent BLOB NOT NULL, timestamp INTEGER NOT NULL, events INTEGER NOT NULL
) STRICT;
CREATE INDEX blocks_empty ON blocks (number) WHERE events = 0;
CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, hash BLOB NOT NULL, timestamp INTEGER NOT NULL) STRICT;
CREATE TABLE holes (
  id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL, found_at INTEGER NOT NULL, filled_at INTEGER
) STRICT;
CREATE TABLE events (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, tx_hash BLOB NOT NULL, address BLOB NOT NULL,
  name TEXT NOT NULL, args TEXT NOT NULL, topics BLOB NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (block, log_index)
) STRICT;
CREATE INDEX events_by_name ON events (name, block, log_index);
CREATE TABLE event_accounts (
  account BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, PRIMARY KEY (account, block, log_index)
) STRICT;
CREATE INDEX event_accounts_by_block ON event_accounts (block);

-- ---------------------------------------------------------------- derived (src/rows.rs, filled by src/project.rs)
-- Row images from before each block of the window; `rollback_to` puts them back, newest first.
CREATE TABLE undo (
  block INTEGER NOT NULL, ord INTEGER NOT NULL, tbl TEXT NOT NULL, row TEXT NOT NULL, existed INTEGER NOT NULL, PRIMARY KEY (block, ord)
) STRICT;
CREATE TABLE totals (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE holders (
  account BLOB PRIMARY KEY, balance BLOB NOT NULL, deposited BLOB NOT NULL, deposits INTEGER NOT NULL, exited BLOB NOT NULL,
  rewards_claimed BLOB NOT NULL, requests INTEGER NOT NULL, first_at INTEGER NOT NULL
) STRICT;
CREATE TABLE history (
  account BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  tx_hash BLOB NOT NULL, amount BLOB NOT NULL, lst BLOB NOT NULL, counterparty BLOB, request BLOB,
  PRIMARY KEY (account, block, log_index, kind)
) STRICT;
CREATE TABLE requests (
  id BLOB PRIMARY KEY, owner BLOB NOT NULL, rung INTEGER NOT NULL, seq INTEGER NOT NULL, lst BLOB NOT NULL, paid BLOB NOT NULL,
  lst_before BLOB NOT NULL, state TEXT NOT NULL, requested_at INTEGER NOT NULL, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE INDEX requests_by_owner ON requests (owner, id);
CREATE INDEX requests_by_rung ON requests (rung, seq);
CREATE TABLE rungs (
  id INTEGER PRIMARY KEY, lst BLOB NOT NULL, count INTEGER NOT NULL, fee_bps INTEGER, opened_at INTEGER NOT NULL, closed_at INTEGER,
  units_start BLOB NOT NULL, units_end BLOB NOT NULL, c0 BLOB NOT NULL, promised_at INTEGER, revised INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoints (idx INTEGER PRIMARY KEY, w BLOB NOT NULL, b BLOB NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE validators (
  id INTEGER PRIMARY KEY, active INTEGER NOT NULL, slashed INTEGER NOT NULL, booked INTEGER NOT NULL, votes INTEGER NOT NULL,
  weight INTEGER NOT NULL, staked BLOB NOT NULL, buckets INTEGER NOT NULL, target_buckets INTEGER NOT NULL, rewards BLOB NOT NULL,
  synced_at INTEGER NOT NULL
) STRICT;
CREATE TABLE buckets (
  validator INTEGER NOT NULL, idx INTEGER NOT NULL, address BLOB NOT NULL, active BLOB NOT NULL, cooling BLOB NOT NULL,
  cooldown_end INTEGER NOT NULL, retired INTEGER NOT NULL, PRIMARY KEY (validator, idx)
) STRICT;
CREATE INDEX buckets_by_address ON buckets (address);
CREATE TABLE reward_loads (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, amount BLOB NOT NULL, flow BLOB NOT NULL, ends_at INTEGER NOT NULL,
  PRIMARY KEY (block, log_index)
) STRICT;
CREATE TABLE claims (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, account BLOB NOT NULL, request BLOB,
  amount BLOB NOT NULL, fee BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;
CREATE TABLE parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE slashes (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, validator INTEGER NOT NULL,
  active_lost BLOB NOT NULL, cooling_lost BLOB NOT NULL, rate_before BLOB NOT NULL, rate_after BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;
CREATE TABLE role_changes (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, contract BLOB NOT NULL, role BLOB NOT NULL, account BLOB NOT NULL,
  granted INTEGER NOT NULL, sender BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;

-- ---------------------------------------------------------------- metrics
CREATE TABLE samples (metric TEXT NOT NULL, at INTEGER NOT NULL, block INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (metric, at)) STRICT;
CREATE INDEX samples_by_block ON samples (block);

-- ---------------------------------------------------------------- changes
CREATE TABLE change_counter (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO change_counter (id, seq) VALUES (1, 0);
CREATE TABLE changes (seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT, at INTEGER NOT NULL) STRICT;
CREATE INDEX changes_by_at ON changes (at);

-- ---------------------------------------------------------------- transaction journal
CREATE TABLE works (
  id BLOB PRIMARY KEY, chain_id INTEGER NOT NULL, contract BLOB NOT NULL, job TEXT NOT NULL, target TEXT NOT NULL, precondition BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY, work BLOB NOT NULL REFERENCES works (id), state TEXT NOT NULL
    CHECK (state IN ('planned', 'signed', 'broadcast', 'mined', 'succeeded', 'failed', 'abandoned')),
  reason TEXT NOT NULL, fence INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
-- A work is never tried twice at once, nor again once it succeeded.
CREATE UNIQUE INDEX attempts_one_live ON attempts (work) WHERE state IN ('planned', 'signed', 'broadcast', 'mined', 'succeeded');
CREATE INDEX attempts_by_state ON attempts (state);
CREATE TABLE nonces (
  id INTEGER PRIMARY KEY, signer BLOB NOT NULL, nonce INTEGER NOT NULL, attempt INTEGER NOT NULL REFERENCES attempts (id), live INTEGER NOT NULL
) STRICT;
-- A nonce serves one attempt, hence one work, until it is released unused.
CREATE UNIQUE INDEX nonces_one_live ON nonces (signer, nonce) WHERE live = 1;
CREATE TABLE txs (
  id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts (id), signer BLOB NOT NULL, nonce INTEGER NOT NULL, hash BLOB NOT NULL,
  raw BLOB NOT NULL, state TEXT NOT NULL CHECK (state IN ('signed', 'broadcast', 'mined', 'replaced', 'dropped')),
  max_fee BLOB NOT NULL, priority_fee BLOB NOT NULL, mined_block INTEGER, mined_hash BLOB, success INTEGER, gas_used INTEGER, gas_price BLOB,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX txs_once ON txs (signer, nonce, hash);
CREATE INDEX txs_by_attempt ON txs (attempt);
CREATE INDEX txs_by_state ON txs (state);
CREATE TABLE intents (
  id INTEGER PRIMARY KEY, job TEXT NOT NULL, target TEXT NOT NULL, requester TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'refused')), reason TEXT NOT NULL, created_at INTEGER NOT NULL, decided_at INTEGER
) STRICT;
CREATE INDEX intents_by_state ON intents (state, id);
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY, job TEXT NOT NULL, mode TEXT NOT NULL, at INTEGER NOT NULL, block INTEGER NOT NULL, decision TEXT NOT NULL,
  reason TEXT NOT NULL, work BLOB, next_due INTEGER
) STRICT;
CREATE INDEX decisions_by_job ON decisions (job, id);

-- ---------------------------------------------------------------- alerts
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY, dedupe TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL
    CHECK (state IN ('open', 'acknowledged', 'resolved')),
  title TEXT NOT NULL, detail TEXT NOT NULL, block INTEGER NOT NULL, opened_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, times INTEGER NOT NULL,
  acknowledged_at INTEGER, acknowledged_by TEXT, resolved_at INTEGER, resolution TEXT
) STRICT;
CREATE UNIQUE INDEX alerts_one_live ON alerts (dedupe) WHERE state <> 'resolved';
CREATE INDEX alerts_by_dedupe ON alerts (dedupe, id);
CREATE INDEX alerts_by_block ON alerts (block);
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, alert INTEGER NOT NULL REFERENCES alerts (id), channel TEXT NOT NULL, kind TEXT NOT NULL
    CHECK (kind IN ('opened', 'resolved', 'retracted')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'dropped', 'dead')), attempts INTEGER NOT NULL, next_try_at INTEGER NOT NULL,
  last_error TEXT, created_at INTEGER NOT NULL, sent_at INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (state, next_try_at);
CREATE INDEX outbox_by_alert ON outbox (alert);
