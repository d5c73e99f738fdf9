import { BaseError, ContractFunctionRevertedError, InsufficientFundsError, UserRejectedRequestError } from 'viem'
import { formatBps } from '../lib/amount'
import { humanize } from '../lib/text'

export type TxFailure = { rejected: boolean; title: string; detail: string }

type Words = string | ((args: readonly unknown[]) => string)

const PARTS = ['Deposits and mints in kind are', 'Instant exits are', 'Auctions are']
const bps = (value: unknown) => (typeof value === 'bigint' ? formatBps(value) : 'too much')

/** What a revert means to the person who sent it, by the name of the contract's error. */
export const REASONS: Record<string, Words> = {
  AboveBand: ([, now, most]) =>
    `It would bring this asset to ${bps(now)} of the basket, and deposits may bring it to ${bps(most)} at most. Take another asset, a smaller amount, or mint in kind.`,
  AmountTooLarge: 'The amount is larger than this contract takes at once.',
  BadHint: 'The line moved while you were signing. Try again.',
  CancelAboveRequest: 'That is more than is requested in this epoch.',
  CapReached: 'This asset has reached the most that the basket may hold of it. Take another asset or a smaller amount.',
  ClosedUntilDawn:
    'From 23:00 UTC until the epoch closes, requests can be neither made nor taken back. Try again after the close.',
  DeadlinePassed: 'It took too long to reach a block, so it was void. Try again.',
  DepositsClosed: 'The rate has fallen so far that deposits are closed. Exits and claims go on.',
  ECDSAInvalidSignature: 'The signature is not valid for this account. Allow the amount by a transaction instead.',
  ERC20InsufficientAllowance: 'The contract may not take that much of the token yet. Allow it first.',
  ERC20InsufficientBalance: 'You hold less than that.',
  EpochDue: 'The last epoch has to be closed first. Anybody may close it; the keepers do so shortly after 00:00 UTC.',
  EpochNotDue: 'The epoch cannot be closed yet.',
  EpochNotOpen: 'The epoch has closed, so the request can no longer be taken back. Its legs are on their way.',
  ExitNotPlaced: 'What could not be paid now was more than you allowed to queue. Ask for a new quote and try again.',
  FeeAboveLimit:
    'Others left in the meantime and the instant fee rose above what you were shown. Look at the new quote.',
  GasTooLow:
    'The transaction needs more gas than your wallet gave it. Let the wallet use the amount that it is asked for.',
  GovernorAlreadyCastVote: 'This account has voted on this proposal already. A vote cannot be changed.',
  GovernorInsufficientProposerVotes:
    'A proposal needs 0.1 % of all GOV as votes of its proposer, from before this block. Delegate your GOV to yourself first.',
  GovernorNonexistentProposal:
    'The governor knows no such proposal; or the code of a contract that it calls was replaced since, and then nobody voted for it.',
  GovernorUnexpectedProposalState: 'The proposal is no longer in the state for this. Look again.',
  InstantAboveMost: 'Less is idle now than this exit needs. Take a smaller amount, or leave in kind or by the epoch.',
  InstantTooSmall: 'The amount is too small to be worth anything.',
  LegNotOut: 'This leg is not on its way: somebody was faster, or it has not started.',
  LegNotWaiting: 'This leg has started already.',
  NotEnoughUnits: 'The amount is smaller than this asset takes.',
  NotReceiptOwner: 'This receipt belongs to another address.',
  NotRequestOwner: 'This request belongs to another address.',
  NotYet: 'Nothing of this has come back yet.',
  NothingToClaim: 'Nothing of this request is funded yet, or it was claimed already.',
  NothingWaiting: 'Nothing waits there any more.',
  OutBelowMinimum: 'It would pay less than you were shown. Look at the new quote.',
  // The minter says until when, a basket says also what.
  Paused: (args) =>
    args.length === 2
      ? `${PARTS[Number(args[0])] ?? 'This is'} paused for the moment. The pause ends by itself; exits in kind, epochs and claims go on.`
      : 'This is paused for the moment. The pause ends by itself; the queue and claims go on.',
  PriceNotSound:
    'A price of the basket is in doubt, so what needs a price is closed. Minting in kind, exits in kind and epochs go on.',
  RungFull: 'This rung is full. It closes soon; try again then.',
  RungNotOpen: 'The rung has closed, so the request can no longer be taken back. It is on its way.',
  ShareCapReached: 'The basket is as large as it may be. Shares can be had when somebody leaves.',
  SharesBelowMinimum: 'It would give fewer shares than you were shown. Look at the new quote.',
  SlashNotBooked: 'A validator was slashed and its loss must be booked first. That is usually a matter of minutes.',
  SleeveFailed: 'The asset’s own system refused. Nothing has changed; try again later.',
  SleeveRetired: 'This asset is retired from the basket.',
  SleeveSlow: 'The asset’s system takes longer to pay than it declared, so nothing more is taken in.',
  SleeveWiped: 'This asset has lost nearly all of its worth, so nothing more is taken in.',
  Throttled: 'As much of this asset came in today as may. The limit frees itself over a day.',
  TimelockUnexpectedOperationState: 'The decision is not due yet, or it was executed already.',
  TooEarly: 'The delay has become longer since: the decision is not due yet.',
  TransferFailed: 'Your account refused the coins. A contract wallet must be able to receive them.',
  TargetReplaced: 'The code of a contract that the decision calls was replaced since. It can never be executed.',
  TimelockCannotVote: 'The timelock’s GOV does not vote, and nobody’s votes go there.',
  UnitsAboveMaximum: 'It would take more of an asset than you were shown. Look at the new quote.',
  UnknownRequest: 'There is no such request any more: it was claimed or taken back.',
  WeightsNotWhole: 'The weights must be 10,000 basis points in all.',
  ZeroAmount: 'The amount is too small to be worth anything.',
}

function revertDetail(error: ContractFunctionRevertedError): string {
  const name = error.data?.errorName
  if (name) {
    const known = REASONS[name]
    if (known) return typeof known === 'string' ? known : known(error.data?.args ?? [])
    const args = error.data?.args?.map((arg) => String(arg)).join(', ')
    return `The contract answered “${humanize(name)}”${args ? ` (${args})` : ''}.`
  }
  return error.reason ? `The contract answered “${error.reason}”.` : 'The contract refused this call without a reason.'
}

/** What a wallet did to a transaction that was on its way: the same with another fee, another one, or nothing at all. */
export type Replacement = 'repriced' | 'replaced' | 'cancelled'

/**
 * What came of a transaction that reached a block, where it is not what was asked for; `null` where it is. A wallet's
 * "speed up" is still the same transaction, its "cancel" succeeds on chain without having done anything for us.
 */
export function mishap(status: 'success' | 'reverted', replacement: Replacement | null): TxFailure | null {
  if (replacement === 'cancelled' || replacement === 'replaced') {
    return {
      rejected: true,
      title: replacement === 'cancelled' ? 'You cancelled it in your wallet' : 'Your wallet sent another one instead',
      detail: 'Another transaction took its place, so nothing of this was done. You can try again.',
    }
  }
  if (status === 'reverted') {
    return {
      rejected: false,
      title: 'The transaction was reverted',
      detail: 'The state changed between the check and the block. Only the network fee was spent. Try again.',
    }
  }
  return null
}

/** Turns whatever a wallet, an endpoint or the contract threw into words and a next step. Never shows a stack or a URL. */
export function explain(error: unknown): TxFailure {
  if (error instanceof BaseError) {
    if (error.walk((e) => e instanceof UserRejectedRequestError)) {
      return {
        rejected: true,
        title: 'You declined in your wallet',
        detail: 'Nothing was sent and nothing has changed. You can try again.',
      }
    }
    const revert = error.walk((e) => e instanceof ContractFunctionRevertedError)
    if (revert instanceof ContractFunctionRevertedError) {
      return { rejected: false, title: 'This would not go through', detail: revertDetail(revert) }
    }
    if (error.walk((e) => e instanceof InsufficientFundsError)) {
      return {
        rejected: false,
        title: 'Not enough for the network fee',
        detail: 'Leave a little of the native coin for gas, or lower the amount.',
      }
    }
  }
  // Some wallets throw plain objects with the EIP-1193 code.
  if (typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 4001) {
    return { rejected: true, title: 'You declined in your wallet', detail: 'Nothing was sent and nothing has changed.' }
  }
  const short = error instanceof BaseError ? error.shortMessage : null
  return {
    rejected: false,
    title: 'This did not work',
    detail: `${short ?? 'The wallet or the network did not answer.'} Nothing is lost: check your wallet’s activity, then try again.`,
  }
}
