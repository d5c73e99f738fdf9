import { BaseError, ContractFunctionRevertedError, InsufficientFundsError, UserRejectedRequestError } from 'viem'
import { humanize } from '../lib/text'

export type TxFailure = { rejected: boolean; title: string; detail: string }

/** What a revert means to the person who sent it, by the name of the contract's error. */
export const REASONS: Record<string, string> = {
  AmountTooLarge: 'The amount is larger than this contract takes at once.',
  BadHint: 'The line moved while you were signing. Try again.',
  DeadlinePassed: 'It took too long to reach a block, so it was void. Try again.',
  DepositsClosed: 'The rate has fallen so far that deposits are closed. Exits and claims go on.',
  ERC20InsufficientBalance: 'You hold less than that.',
  ExitNotPlaced: 'What could not be paid now was more than you allowed to queue. Ask for a new quote and try again.',
  FeeAboveLimit:
    'Others left in the meantime and the instant fee rose above what you were shown. Look at the new quote.',
  NotRequestOwner: 'This request belongs to another address.',
  NothingToClaim: 'Nothing of this request is funded yet, or it was claimed already.',
  OutBelowMinimum: 'It would pay less than you were shown. Look at the new quote.',
  Paused: 'This is paused for the moment. The pause ends by itself; the queue and claims go on.',
  RungFull: 'This rung is full. It closes soon; try again then.',
  RungNotOpen: 'The rung has closed, so the request can no longer be taken back. It is on its way.',
  SlashNotBooked: 'A validator was slashed and its loss must be booked first. That is usually a matter of minutes.',
  TransferFailed: 'Your account refused the coins. A contract wallet must be able to receive them.',
  UnknownRequest: 'There is no such request any more: it was claimed or taken back.',
  ZeroAmount: 'The amount is too small to be worth anything.',
}

function revertDetail(error: ContractFunctionRevertedError): string {
  const name = error.data?.errorName
  if (name) {
    const known = REASONS[name]
    if (known) return known
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
