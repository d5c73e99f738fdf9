import type { ReactNode } from 'react'
import type { TxState } from '../chain/use-tx'
import { ChainLink, Notice } from './ui'

/** What the button says while its transaction is on the way. */
export function txLabel(state: TxState, idle: string): string {
  switch (state.phase) {
    case 'checking':
      return 'Checking…'
    case 'signing':
      return 'Confirm in your wallet…'
    case 'mining':
      return 'Waiting for the block…'
    default:
      return idle
  }
}

/** The state of one transaction in words, next to the button that sent it. */
export function TxStatus({ state, done }: { state: TxState; done: ReactNode }) {
  switch (state.phase) {
    case 'idle':
    case 'checking':
      return null
    case 'signing':
      return <Notice>Your wallet asks for your signature. Declining changes nothing.</Notice>
    case 'mining':
      return (
        <Notice>
          Sent, waiting for the block: <ChainLink kind="tx" value={state.hash} />. You may leave this page.
        </Notice>
      )
    case 'done':
      return (
        <Notice tone="good" title="Done">
          {done} <ChainLink kind="tx" value={state.hash} label="See the transaction" />
        </Notice>
      )
    case 'failed':
      return (
        <Notice tone={state.rejected ? 'warn' : 'bad'} title={state.title}>
          {state.detail} {state.hash && <ChainLink kind="tx" value={state.hash} label="See the transaction" />}
        </Notice>
      )
  }
}
