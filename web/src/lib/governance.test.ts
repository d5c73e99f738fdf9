import { decodeFunctionData, encodeFunctionData, keccak256, toHex } from 'viem'
import { describe as group, expect, it } from 'vitest'
import type { GovernanceCall } from '../api/types'
import { decisionAbi, governorAbi } from '../generated/abi'
import { setWeights } from './basket'
import { callsOf, describe, proposeArgs, tallyOf, tellCall } from './governance'

const BASKET = '0x00000000000000000000000000000000000000b5'
const ME = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

group('a tally', () => {
  const votes = (forVotes: string, againstVotes: string, abstainVotes: string) => ({
    forVotes,
    againstVotes,
    abstainVotes,
  })

  it('counts for and abstain for the quorum, and nothing else', () => {
    expect(tallyOf(votes('30', '60', '10'), 40n)).toMatchObject({ reached: true, passes: false })
    expect(tallyOf(votes('30', '5', '9'), 40n)).toMatchObject({ reached: false, passes: false })
    expect(tallyOf(votes('30', '29', '10'), 40n)).toMatchObject({ reached: true, passes: true })
    expect(tallyOf(votes('30', '30', '10'), 40n).passes).toBe(false)
  })

  it('is drawn on a scale that holds the quorum', () => {
    expect(tallyOf(votes('10', '5', '0'), 40n)).toMatchObject({
      for: 2_500,
      against: 1_250,
      abstain: 0,
      quorum: 10_000,
    })
    expect(tallyOf(votes('60', '20', '20'), 40n)).toMatchObject({
      for: 6_000,
      against: 2_000,
      abstain: 2_000,
      quorum: 4_000,
    })
    expect(tallyOf(votes('0', '0', '0'), null)).toMatchObject({ for: 0, quorum: null, reached: null })
  })
})

group('a proposal', () => {
  it('goes to the governor with the call that it is about, signed by its proposer', () => {
    const [targets, values, datas, description] = proposeArgs([setWeights(BASKET, [7_000, 3_000])], ' More BTC \n', ME)
    expect([targets, values]).toEqual([[BASKET], [0n]])
    expect(decodeFunctionData({ abi: decisionAbi, data: datas[0] ?? '0x' })).toEqual({
      functionName: 'setWeights',
      args: [[7_000, 3_000]],
    })
    // The form that the governor checks: the last 52 bytes of the text.
    expect(description.slice(-52)).toBe(`#proposer=${ME}`)
    expect(describe(description)).toEqual({ title: 'More BTC', rest: [] })
  })

  it('is queued by the hash of all of its text', () => {
    const call: GovernanceCall = {
      target: BASKET,
      contract: 'basket',
      value: '0',
      data: '0x1234',
      function: null,
    }
    const args = callsOf([call], 'text\n')
    expect(args).toEqual([[BASKET], [0n], ['0x1234'], keccak256(toHex('text\n'))])
    expect(encodeFunctionData({ abi: governorAbi, functionName: 'queue', args })).toMatch(/^0x160cbed7/)
  })

  it('o16_is text, whatever somebody wrote', () => {
    const { title, rest } = describe('# <b>Hi\u202e</b>\n\n second\u200bline \n')
    expect(title).toBe('<b>Hi </b>')
    expect(rest).toEqual(['second line'])
    expect(describe(' \n ').title).toBe('Without a title')
  })
})

group('what a call does', () => {
  const call = (data: `0x${string}`, contract: string | null = 'basket'): GovernanceCall => ({
    target: BASKET,
    contract,
    value: '0',
    data,
    function: null,
  })

  it('is said with the names of the assets', () => {
    const { data } = setWeights(BASKET, [7_000, 2_950, 50])
    expect(tellCall(call(data), ['CORE', 'stCORE'], 'CORE')).toEqual({
      what: 'New target weights: CORE 70\u00a0%, stCORE 29.5\u00a0%, asset 2 0.5\u00a0%',
      how: 'Basket.setWeights([7000, 2950, 50])',
    })
  })

  it('is never said for a contract that is not ours, nor for data that is not read', () => {
    const { data } = setWeights(BASKET, [10_000])
    expect(tellCall(call(data, null), [], 'CORE').what).toBe('Calls 0x0000…00b5')
    expect(tellCall(call('0xdeadbeef'), [], 'CORE').what).toBe('Basket: 0xdeadbeef')
  })

  it('names a delay as people do', () => {
    const data = encodeFunctionData({ abi: decisionAbi, functionName: 'updateDelay', args: [1_296_000n] })
    expect(tellCall(call(data, 'timelock'), [], 'CORE').what).toBe('The timelock’s delay becomes 15 days')
  })
})
