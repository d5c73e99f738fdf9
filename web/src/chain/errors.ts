import { BaseError, ContractFunctionRevertedError, InsufficientFundsError, UserRejectedRequestError } from 'viem'
import { humanize } from '../lib/text'

export type TxFailure = { rejected: boolean; title: string; detail: string }

/** What a revert means to the person who sent it, by the name of the contract's error. */
const REASONS: Record<string, string> = {}

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
