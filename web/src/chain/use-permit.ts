import { useCallback } from 'react'
import { parseSignature, type Address, type Hex } from 'viem'
import { useConfig, useReadContract } from 'wagmi'
import { signTypedData } from 'wagmi/actions'
import { govAbi } from '../generated/abi'
import { useAppConfig } from './app-config'

const TYPES = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/** Name, version, chain and contract: the domain that every usual permit has. */
const USUAL = '0x0f'

export type Permit = { v: number; r: Hex; s: Hex }

/**
 * Permits (EIP-2612) of a token, where it has them: it says its domain by itself (EIP-5267), for this chain and itself, and
 * counts nonces. `null` where it does not, or while it is not known: then an approval is the way.
 */
export function usePermit(token: Address, owner: Address | undefined, enabled: boolean) {
  const wagmi = useConfig()
  const { chainId } = useAppConfig()
  const on = enabled && owner !== undefined
  const asked = { address: token, abi: govAbi, chainId } as const
  const domain = useReadContract({
    ...asked,
    functionName: 'eip712Domain',
    query: { enabled: on, staleTime: Infinity, retry: false },
  })
  const nonce = useReadContract({
    ...asked,
    functionName: 'nonces',
    args: [owner ?? token],
    query: { enabled: on, retry: false },
  })
  const sign = useCallback(
    async (spender: Address, value: bigint, deadline: bigint): Promise<Permit> => {
      const [, name, version] = domain.data ?? []
      const at = await nonce.refetch()
      if (!owner || name === undefined || version === undefined || at.data === undefined) throw new Error('no permit')
      const signature = await signTypedData(wagmi, {
        account: owner,
        domain: { name, version, chainId, verifyingContract: token },
        types: TYPES,
        primaryType: 'Permit',
        message: { owner, spender, value, nonce: at.data, deadline },
      })
      const { r, s, v, yParity } = parseSignature(signature)
      return { r, s, v: Number(v ?? BigInt(yParity + 27)) }
    },
    [wagmi, chainId, token, owner, domain.data, nonce],
  )
  const [fields, , , its, contract] = domain.data ?? []
  const usual =
    fields === USUAL &&
    its === BigInt(chainId) &&
    contract?.toLowerCase() === token.toLowerCase() &&
    nonce.data !== undefined
  return on && usual ? sign : null
}
