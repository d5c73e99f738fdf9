-- The basket, its epoch queue and what governs it. Conventions as in 0001; lists of amounts are JSON arrays of decimals.
-- All of it is derived; an index that followed fewer contracts starts anew (`Store::follow`).

-- ---------------------------------------------------------------- sleeves
CREATE TABLE basket_sleeves (
  id INTEGER PRIMARY KEY, adapter BLOB NOT NULL, token BLOB NOT NULL, epoch_token BLOB NOT NULL, cap BLOB NOT NULL,
  flow_limit BLOB NOT NULL, band_bps INTEGER NOT NULL, target_bps INTEGER NOT NULL, gained BLOB NOT NULL, released BLOB NOT NULL,
  locked BLOB NOT NULL, fee_units BLOB NOT NULL, fees_paid BLOB NOT NULL, lost BLOB NOT NULL, harvested_at INTEGER,
  added_at INTEGER NOT NULL, added_block INTEGER NOT NULL, removed_at INTEGER, delivery_tx BLOB, delivery BLOB
) STRICT;
CREATE TABLE harvests (
  sleeve INTEGER NOT NULL, round INTEGER NOT NULL, count INTEGER NOT NULL, gained BLOB NOT NULL, released BLOB NOT NULL,
  locked BLOB NOT NULL, fee_units BLOB NOT NULL, lost BLOB NOT NULL, at INTEGER NOT NULL, block INTEGER NOT NULL,
  tx_hash BLOB NOT NULL, PRIMARY KEY (sleeve, round)
) STRICT;
CREATE TABLE price_observations (
  asset BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL,
  low BLOB NOT NULL, high BLOB NOT NULL, PRIMARY KEY (asset, block, log_index)
) STRICT;

-- ---------------------------------------------------------------- holders and what they did
CREATE TABLE basket_holders (
  account BLOB PRIMARY KEY, shares BLOB NOT NULL, shares_in BLOB NOT NULL, shares_out BLOB NOT NULL, first_at INTEGER NOT NULL
) STRICT;
CREATE TABLE basket_moves (
  account BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  tx_hash BLOB NOT NULL, shares BLOB NOT NULL, coins BLOB NOT NULL, fee BLOB NOT NULL, sleeve INTEGER, units TEXT NOT NULL,
  epoch INTEGER, counterparty BLOB, PRIMARY KEY (account, block, log_index, kind)
) STRICT;
CREATE TABLE waiting_legs (
  owner BLOB NOT NULL, sleeve INTEGER NOT NULL, parts BLOB NOT NULL, recipient BLOB NOT NULL, since INTEGER NOT NULL,
  block INTEGER NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (owner, sleeve)
) STRICT;
CREATE INDEX waiting_legs_by_age ON waiting_legs (since, owner, sleeve);

-- ---------------------------------------------------------------- epochs
CREATE TABLE epochs (
  id INTEGER PRIMARY KEY, shares BLOB NOT NULL, requests INTEGER NOT NULL, requested_at INTEGER, due_at INTEGER, closed_at INTEGER,
  legs INTEGER NOT NULL, legs_done INTEGER NOT NULL, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE TABLE epoch_legs (
  epoch INTEGER NOT NULL, sleeve INTEGER NOT NULL, state TEXT NOT NULL, asset BLOB, parts BLOB NOT NULL, units BLOB NOT NULL,
  ticket BLOB NOT NULL, recovered BLOB NOT NULL, started_at INTEGER, done_at INTEGER, block INTEGER NOT NULL, tx_hash BLOB NOT NULL,
  PRIMARY KEY (epoch, sleeve)
) STRICT;
CREATE INDEX epoch_legs_open ON epoch_legs (epoch, sleeve) WHERE state <> 'done';
CREATE TABLE epoch_positions (
  owner BLOB NOT NULL, epoch INTEGER NOT NULL, shares BLOB NOT NULL, mask INTEGER NOT NULL, paid TEXT NOT NULL, whole INTEGER NOT NULL,
  requested_at INTEGER NOT NULL, claimed_at INTEGER, block INTEGER NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (owner, epoch)
) STRICT;
CREATE INDEX epoch_positions_by_epoch ON epoch_positions (epoch, owner);
CREATE TABLE basket_receipts (
  id BLOB PRIMARY KEY, line BLOB NOT NULL, epoch INTEGER NOT NULL, shares BLOB NOT NULL, mask INTEGER NOT NULL, paid TEXT NOT NULL,
  owner BLOB NOT NULL, state TEXT NOT NULL, next BLOB, minted_at INTEGER NOT NULL, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE INDEX basket_receipts_by_owner ON basket_receipts (owner, id);

-- ---------------------------------------------------------------- auctions
CREATE TABLE auctions (
  id INTEGER PRIMARY KEY, from_sleeve INTEGER NOT NULL, to_sleeve INTEGER NOT NULL, units BLOB NOT NULL, sold BLOB NOT NULL,
  paid BLOB NOT NULL, loss BLOB NOT NULL, bids INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, block INTEGER NOT NULL,
  tx_hash BLOB NOT NULL
) STRICT;
CREATE TABLE auction_bids (
  auction INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, bidder BLOB NOT NULL,
  sold BLOB NOT NULL, paid BLOB NOT NULL, loss BLOB NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (auction, block, log_index)
) STRICT;

-- ---------------------------------------------------------------- governance
CREATE TABLE proposals (
  id BLOB PRIMARY KEY, proposer BLOB NOT NULL, description TEXT NOT NULL, calls TEXT NOT NULL, vote_start INTEGER NOT NULL,
  vote_end INTEGER NOT NULL, extended INTEGER NOT NULL, votes_for BLOB NOT NULL, votes_against BLOB NOT NULL,
  votes_abstain BLOB NOT NULL, voters INTEGER NOT NULL, eta INTEGER, operation BLOB, queued_at INTEGER, executed_at INTEGER,
  cancelled_at INTEGER, created_at INTEGER NOT NULL, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE INDEX proposals_by_block ON proposals (block, id);
CREATE TABLE votes (
  proposal BLOB NOT NULL, voter BLOB NOT NULL, support INTEGER NOT NULL, weight BLOB NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (proposal, voter)
) STRICT;
CREATE INDEX votes_by_voter ON votes (voter, block, log_index);
CREATE TABLE gov_accounts (
  account BLOB PRIMARY KEY, balance BLOB NOT NULL, delegate BLOB, votes BLOB NOT NULL, first_at INTEGER NOT NULL, changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX gov_accounts_by_delegate ON gov_accounts (delegate, account);
CREATE TABLE delegations (
  delegator BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, from_delegate BLOB, to_delegate BLOB,
  tx_hash BLOB NOT NULL, PRIMARY KEY (delegator, block, log_index)
) STRICT;
CREATE TABLE power_moves (
  account BLOB NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, votes_before BLOB NOT NULL,
  votes_after BLOB NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (account, block, log_index)
) STRICT;
CREATE TABLE operations (
  id BLOB PRIMARY KEY, proposal BLOB, predecessor BLOB NOT NULL, delay INTEGER NOT NULL, calls INTEGER NOT NULL, state TEXT NOT NULL,
  scheduled_at INTEGER NOT NULL, done_at INTEGER, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE INDEX operations_by_block ON operations (block, id);
CREATE TABLE operation_calls (
  operation BLOB NOT NULL, idx INTEGER NOT NULL, target BLOB NOT NULL, amount BLOB NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (operation, idx)
) STRICT;
CREATE TABLE guardian_acts (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, holder BLOB, part INTEGER, until INTEGER,
  tx_hash BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;
