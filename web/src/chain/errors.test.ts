import { BaseError, ContractFunctionRevertedError, encodeErrorResult, UserRejectedRequestError } from 'viem'
import { describe, expect, it } from 'vitest'
import { minterAbi } from '../generated/abi'
import { explain, mishap, REASONS } from './errors'

describe('what went wrong, in words', () => {
  it('has words only for errors that the contracts have', () => {
    const names = new Set<string>(minterAbi.flatMap((item) => (item.type === 'error' ? [item.name] : [])))
    expect(Object.keys(REASONS).filter((name) => !names.has(name))).toEqual([])
  })

  it('explains a refusal of the contract by its name, through the layers that a library wraps around it', () => {
    const data = encodeErrorResult({ abi: minterAbi, errorName: 'FeeAboveLimit', args: [80n, 55n] })
    const inner = new ContractFunctionRevertedError({ abi: minterAbi, data, functionName: 'redeem' })
    const failure = explain(new BaseError('outer', { cause: inner }))
    expect(failure).toEqual({ rejected: false, title: 'This would not go through', detail: REASONS.FeeAboveLimit })
  })

  it('names a refusal that it has no words for', () => {
    const data = encodeErrorResult({ abi: minterAbi, errorName: 'NothingStaged' })
    const inner = new ContractFunctionRevertedError({ abi: minterAbi, data, functionName: 'redeem' })
    expect(explain(inner).detail).toContain('Nothing staged')
  })

  it('knows a declined signature from a failure, in both forms that wallets use', () => {
    expect(explain(new BaseError('outer', { cause: new UserRejectedRequestError(new Error('no')) })).rejected).toBe(
      true,
    )
    expect(explain({ code: 4001, message: 'no' }).rejected).toBe(true)
    expect(explain(new Error('boom')).rejected).toBe(false)
  })

  it('calls nothing done that a wallet replaced, or that the chain reverted', () => {
    expect(mishap('success', null)).toBeNull()
    expect(mishap('success', 'repriced')).toBeNull()
    expect(mishap('success', 'cancelled')).toMatchObject({ rejected: true, title: 'You cancelled it in your wallet' })
    expect(mishap('success', 'replaced')?.detail).toContain('nothing of this was done')
    expect(mishap('reverted', null)).toMatchObject({ rejected: false, title: 'The transaction was reverted' })
    expect(mishap('reverted', 'repriced')?.rejected).toBe(false)
  })

  it('o15_never shows an endpoint with its key', () => {
    const failure = explain(new Error('fetch failed: https://rpc.example/v1/SECRET'))
    expect(JSON.stringify(failure)).not.toContain('SECRET')
    expect(
      JSON.stringify(
        explain(new BaseError('HTTP request failed', { metaMessages: ['URL: https://rpc.example/v1/SECRET'] })),
      ),
    ).not.toContain('SECRET')
  })
})
