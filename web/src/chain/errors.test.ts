import { BaseError, ContractFunctionRevertedError, encodeErrorResult, UserRejectedRequestError } from 'viem'
import { describe, expect, it } from 'vitest'
import { basketAbi, governorAbi, minterAbi, queueAbi } from '../generated/abi'
import { explain, mishap, REASONS } from './errors'

describe('what went wrong, in words', () => {
  it('has words only for errors that the contracts have', () => {
    const names = new Set<string>(
      [...minterAbi, ...basketAbi, ...queueAbi, ...governorAbi].flatMap((item) =>
        item.type === 'error' ? [item.name] : [],
      ),
    )
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

  it('says what a basket refused, with the figures that it gave', () => {
    const refused = (data: `0x${string}`) =>
      explain(new ContractFunctionRevertedError({ abi: basketAbi, data, functionName: 'deposit' })).detail
    expect(
      refused(encodeErrorResult({ abi: basketAbi, errorName: 'AboveBand', args: [1n, 4_210n, 3_500n] })),
    ).toContain('to 42.1\u00a0% of the basket, and deposits may bring it to 35\u00a0% at most')
    expect(refused(encodeErrorResult({ abi: basketAbi, errorName: 'Paused', args: [1, 1_800_000_000n] }))).toMatch(
      /^Instant exits are paused/,
    )
    const minters = encodeErrorResult({ abi: minterAbi, errorName: 'Paused', args: [1_800_000_000n] })
    expect(
      explain(new ContractFunctionRevertedError({ abi: minterAbi, data: minters, functionName: 'deposit' })).detail,
    ).toMatch(/^This is paused .* the queue and claims go on/)
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
