import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import type { Abi, Address, Hash } from 'viem'
import { estimateContractGas, waitForTransactionReceipt } from 'viem/actions'
import { useConfig, useConnection } from 'wagmi'
import { simulateContract, writeContract } from 'wagmi/actions'
import { call } from '../api/client'
import type { Status } from '../api/types'
import { useAppConfig } from './app-config'
import { explain, mishap, type Replacement, type TxFailure } from './errors'
import { gasLimit } from './gas'

export type TxState =
  | { phase: 'idle' }
  | { phase: 'checking' }
  | { phase: 'signing' }
  | { phase: 'mining'; hash: Hash }
  | { phase: 'done'; hash: Hash }
  | ({ phase: 'failed'; hash?: Hash } & TxFailure)

export type TxRequest = {
  address: Address
  abi: Abi
  functionName: string
  args?: readonly unknown[]
  value?: bigint
}

export const isBusy = (state: TxState): boolean =>
  state.phase === 'checking' || state.phase === 'signing' || state.phase === 'mining'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The index follows the chain by a moment; the pages read the index. Gives up quietly: the pages refetch anyway. */
async function untilIndexed(block: bigint): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    try {
      const status = await call<Status>('/status')
      if (status.indexed && BigInt(status.indexed.number) >= block) return
    } catch {
      // The service is away for a moment.
    }
    await pause(250)
  }
}

/**
 * One transaction, or what makes one (it may ask the wallet for a signature of its own): simulated first, so that a refusal is explained before the wallet opens; then signed, mined and indexed.
 * `send` resolves to true when it succeeded.
 */
export function useTx() {
  const wagmi = useConfig()
  const client = useQueryClient()
  const { chainId } = useAppConfig()
  const { address: account } = useConnection()
  const [state, setState] = useState<TxState>({ phase: 'idle' })

  const send = useCallback(
    async (asked: TxRequest | (() => Promise<TxRequest>)): Promise<boolean> => {
      let hash: Hash | undefined
      try {
        setState({ phase: typeof asked === 'function' ? 'signing' : 'checking' })
        const request = typeof asked === 'function' ? await asked() : asked
        setState({ phase: 'checking' })
        const { request: checked } = await simulateContract(wagmi, { ...request, account, chainId } as Parameters<
          typeof simulateContract
        >[1])
        const chain = wagmi.getClient({ chainId })
        // Where the endpoint does not say, the wallet asks for itself.
        const needed = await estimateContractGas(chain, { ...request, account } as Parameters<
          typeof estimateContractGas
        >[1]).catch(() => null)
        setState({ phase: 'signing' })
        hash = await writeContract(wagmi, {
          ...checked,
          ...(needed === null ? {} : { gas: gasLimit(needed) }),
        } as Parameters<typeof writeContract>[1])
        setState({ phase: 'mining', hash })
        // viem's own wait, not wagmi's: that one throws on a revert, and what it throws does not say so.
        let replacement: Replacement | null = null
        const receipt = await waitForTransactionReceipt(chain, {
          hash,
          timeout: 0,
          onReplaced: ({ reason }) => {
            replacement = reason
          },
        })
        hash = receipt.transactionHash
        const failure = mishap(receipt.status, replacement)
        if (failure) {
          setState({ phase: 'failed', hash, ...failure })
          return false
        }
        await untilIndexed(receipt.blockNumber)
        setState({ phase: 'done', hash })
        return true
      } catch (error) {
        setState({ phase: 'failed', ...(hash ? { hash } : {}), ...explain(error) })
        return false
      } finally {
        void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'config' })
      }
    },
    [wagmi, client, account, chainId],
  )

  const reset = useCallback(() => setState({ phase: 'idle' }), [])
  return { state, send, reset }
}
