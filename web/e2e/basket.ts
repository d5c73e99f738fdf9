/**
 * The basket and its governance through the app, against a running service on a local chain (anvil) with Core's stand-ins:
 * a deposit of coins, a mint in kind, the three ways out, an epoch that keepers close and bring home and that is claimed in
 * two parts to two addresses, and new weights that are proposed, voted, queued and carried out. Every balance is compared
 * with the contracts' own events and views, to the wei.
 *
 *   BASE_URL, RPC_URL, TIMEOUT_S   see e2e/chain.ts
 *   PRIVATE_KEY                    a funded key that holds enough GOV to propose and to reach the quorum, not used by anybody else
 */
import { mkdirSync } from 'node:fs'
import {
  createWalletClient,
  getAddress,
  http,
  parseAbi,
  parseEther,
  parseEventLogs,
  type Address,
  type BlockTag,
  type Hex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type {
  BasketAccount,
  BasketEpoch,
  BasketPosition,
  BasketSleeve,
  BasketSleeves,
  BasketSummary,
  Page as ApiPage,
  Proposal,
} from '../src/api/types.ts'
import { toInput } from '../src/lib/amount.ts'
import { check, complaints, equal, launch, until } from './browser.ts'
import {
  api,
  base,
  clock,
  coinsOf,
  config,
  done,
  moveTo,
  reader,
  rpcUrl,
  sends,
  setting,
  shot,
  shown,
  TIMEOUT,
  tokensOf,
} from './chain.ts'
import { look, looked, OUT } from './scan.ts'
import { connect, injectWallet } from './wallet.ts'

const DAY = 86_400
const abi = parseAbi([
  'event Deposited(address indexed sender, address indexed receiver, uint256 indexed sleeve, uint256 units, uint256 shares)',
  'event MintedInKind(address indexed sender, address indexed receiver, uint256 priced, uint256 shares, uint256[] units)',
  'event InstantExit(address indexed sender, address indexed receiver, uint256 shares, uint256 coins, uint256 feeCoins)',
  'event RedeemedInKind(address indexed owner, address indexed recipient, uint256 shares, uint256[] parts, uint256 delivered)',
  'event LegDelivered(address indexed owner, uint256 indexed sleeve, address indexed recipient, uint256 parts, uint256 units)',
  'event Delivered(address indexed to, uint256 units)',
  'event RedeemRequest(address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares)',
  'event RequestCancelled(address indexed controller, uint256 indexed epoch, uint256 shares)',
  'event Claimed(uint256 indexed epoch, address indexed owner, address recipient, uint256[] paid, bool whole)',
  'event ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)',
  'event VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason)',
  'event WeightsSet(uint16[] targetBps)',
  'function claimable(uint256 epoch, address owner) view returns (uint256[] amounts, uint256 doneMask)',
  'function getVotes(address) view returns (uint256)',
  'function state(uint256) view returns (uint8)',
  'function admin() view returns (address)',
  'function operator() view returns (address)',
  'function setMinterCap(address, uint256)',
  'function mint(address, uint256)',
  'function afterTurnRound(address[])',
])
const earnAbi = parseAbi(['function mint(address validator) payable'])

const side = config.contracts.basket
if (!side) throw new Error('this deployment has no basket')
const basket = getAddress(side.basket)
const token = getAddress(side.token)
const queue = getAddress(side.queue)
const gov = getAddress(side.gov)
const governor = getAddress(side.governor)

const key = setting('PRIVATE_KEY') as Hex
/** Where a part of a claim goes: an address that nothing else pays. */
const elsewhere = getAddress('0x00000000000000000000000000000000000e1e1e')
const wallet = createWalletClient({ account: privateKeyToAccount(key), transport: http(rpcUrl) })
const sharesOf = (who: Address, block?: bigint) => tokensOf(token, who, block)
const sleeves = async () => (await api<BasketSleeves>('/basket/sleeves')).sleeves
const at = (block: bigint): { blockNumber: bigint } | { blockTag: BlockTag } => ({ blockNumber: block })

/** Sends from an account of the stand-ins, whose key nobody has. */
async function as(
  who: Address,
  to: Address,
  functionName: 'setMinterCap' | 'afterTurnRound',
  args: readonly unknown[],
) {
  await clock.impersonateAccount({ address: who })
  await clock.setBalance({ address: who, value: parseEther('10') })
  const hash = await wallet.writeContract({ account: who, chain: null, address: to, abi, functionName, args } as never)
  const receipt = await reader.waitForTransactionReceipt({ hash })
  equal(receipt.status, 'success', `${functionName} of the stand-in`)
  await clock.stopImpersonatingAccount({ address: who })
}

/** Somebody comes with coreBTC and stCORE of their own, as people do: from Core's bridge and from Core's Earn. */
async function arrive(all: readonly BasketSleeve[], me: Address) {
  const st = all.find((sleeve) => sleeve.kind === 'stCore')
  const btc = all.find((sleeve) => sleeve.symbol === 'coreBTC')
  const validator = all[0]?.core?.validators[0]
  if (!st?.stCore || !btc || !validator) throw new Error('the basket lacks stCORE, coreBTC or a validator')
  const earn = getAddress(st.stCore.earn)
  await settle(earn)
  const bought = await wallet.writeContract({
    chain: null,
    address: earn,
    abi: earnAbi,
    functionName: 'mint',
    args: [getAddress(validator.address)],
    value: parseEther('40'),
  })
  await reader.waitForTransactionReceipt({ hash: bought })
  const coreBtc = getAddress(btc.token)
  await as(await reader.readContract({ address: coreBtc, abi, functionName: 'admin' }), coreBtc, 'setMinterCap', [
    me,
    10n ** 8n,
  ])
  const minted = await wallet.writeContract({
    chain: null,
    address: coreBtc,
    abi,
    functionName: 'mint',
    args: [me, 10n ** 7n],
  })
  await reader.waitForTransactionReceipt({ hash: minted })
  return { earn, st, btc }
}

/** Earn's operator, who is outside of everything here, does what is his of the day. */
async function settle(earn: Address) {
  await as(await reader.readContract({ address: earn, abi, functionName: 'operator' }), earn, 'afterTurnRound', [[]])
}

async function nextDay(earn: Address, to: number) {
  await moveTo(to)
  await settle(earn)
}

const enabled = (page: import('playwright-core').Page, testId: string) =>
  page.getByTestId(testId).and(page.locator(':enabled'))
const positionOf = async (who: Address, epoch: bigint): Promise<BasketPosition | undefined> =>
  (await api<BasketAccount>(`/basket/accounts/${who}`)).positions.items.find((each) => BigInt(each.epoch) === epoch)
const claimableOf = (epoch: bigint, who: Address) =>
  reader.readContract({ address: queue, abi, functionName: 'claimable', args: [epoch, who] })
const untilLeg = (epoch: bigint, sleeve: number, state: 'out' | 'done') =>
  until(
    `the keepers bring leg ${sleeve} of epoch ${epoch} to ${state}`,
    async () => {
      const { legs } = await api<BasketEpoch>(`/basket/epochs/${epoch}`)
      const its = legs.find((leg) => leg.sleeve === sleeve)?.state
      return its === state || its === 'done'
    },
    TIMEOUT,
  )
const proposalIs = (id: bigint, state: Proposal['state']) =>
  until(
    `the proposal is ${state}`,
    async () =>
      (await api<ApiPage<Proposal>>('/governance/proposals')).items.find((each) => each.id === id.toString())?.state ===
      state,
    TIMEOUT,
  )

mkdirSync(OUT, { recursive: true })
const { context, close } = await launch()
let code = 0
try {
  const bad: string[] = []
  const { address: me } = await injectWallet(context, { rpcUrl, privateKey: key, chainId: config.chainId })
  const page = context.pages()[0] ?? (await context.newPage())
  const errors = complaints(page)
  const state = async (name: string) => {
    bad.push(...(await look(page, `basket-${name}`)))
  }
  const go = (name: string) => page.getByRole('link', { name, exact: true }).first().click()

  await until('every price is sound', async () => (await api<BasketSummary>('/basket')).nav.state === 'sound', TIMEOUT)
  const { earn, st, btc } = await arrive(await sleeves(), me)
  await connect(page, base)
  await go('Basket')

  // ---------------------------------------------------------------- in, by one asset
  const coins = parseEther('12')
  await page.getByTestId('basket-in-amount').fill(toInput(coins))
  await enabled(page, 'basket-in-submit').waitFor({ timeout: TIMEOUT })
  const [offered = 0n] = await shown(page, 'basket-in-receive')
  await page.getByTestId('basket-in-submit').click()
  await page.getByTestId('risks-read').check()
  await state('1-risks')
  const before = await sharesOf(me)
  const put = await sends(me, () => page.getByTestId('risks-accept').click())
  await done(page, 'basket-in-status')
  const [deposited] = parseEventLogs({ abi, logs: put.receipt.logs, eventName: 'Deposited' })
  equal(put.coins, -coins, 'the deposit took exactly the coins')
  equal(
    (await sharesOf(me, put.receipt.blockNumber)) - before,
    deposited?.args.shares ?? -1n,
    'the shares are the ones credited',
  )
  check((deposited?.args.shares ?? 0n) * 1_000n >= offered * 995n, 'within half a percent of what the page offered')
  check(offered > 0n && (deposited?.args.shares ?? 0n) <= offered + offered / 200n, 'and not above it by more')

  // ---------------------------------------------------------------- in, by every asset
  await page.getByTestId('basket-way-kind').check()
  const priced = parseEther('10')
  await page.getByTestId('basket-mint-amount').fill(toInput(priced))
  for (const sleeve of [st, btc]) {
    await enabled(page, `allow-${sleeve.id}`).waitFor({ timeout: TIMEOUT })
    await sends(me, () => page.getByTestId(`allow-${sleeve.id}`).click())
    await page.locator(`[data-testid="need-${sleeve.id}"][data-ready="true"]`).waitFor({ timeout: TIMEOUT })
  }
  await enabled(page, 'basket-mint-submit').waitFor({ timeout: TIMEOUT })
  await state('2-in-kind')
  const [credit = 0n] = await shown(page, 'basket-mint-receive')
  const [hadSt, hadBtc] = [await tokensOf(getAddress(st.token), me), await tokensOf(getAddress(btc.token), me)]
  const minted = await sends(me, () => page.getByTestId('basket-mint-submit').click())
  await done(page, 'basket-mint-status')
  const [inKind] = parseEventLogs({ abi, logs: minted.receipt.logs, eventName: 'MintedInKind' })
  const took = inKind?.args.units ?? []
  const block = minted.receipt.blockNumber
  equal(inKind?.args.priced ?? -1n, priced, 'the mint was for what was typed')
  equal(inKind?.args.shares ?? -1n, credit, 'and credits what the page showed')
  equal(minted.coins, -(took[0] ?? -1n), 'coins sent in excess came back')
  equal(hadSt - (await tokensOf(getAddress(st.token), me, block)), took[st.id] ?? -1n, 'exactly the stCORE')
  equal(hadBtc - (await tokensOf(getAddress(btc.token), me, block)), took[btc.id] ?? -1n, 'and the coreBTC were taken')

  // ---------------------------------------------------------------- out, at once
  const leave = async (way: 'instant' | 'kind' | 'epoch', shares: bigint) => {
    await page.getByTestId('basket-out-amount').fill(toInput(shares))
    await enabled(page, `leave-${way}`).waitFor({ timeout: TIMEOUT })
    const quoted = await shown(page, `way-${way}`)
    const had = await sharesOf(me)
    const sent = await sends(me, () => page.getByTestId(`leave-${way}`).click())
    await done(page, 'basket-out-status')
    equal(had - (await sharesOf(me, sent.receipt.blockNumber)), shares, `${way}: exactly the shares went`)
    return { ...sent, quoted }
  }
  const now = await leave('instant', parseEther('2'))
  const [instant] = parseEventLogs({ abi, logs: now.receipt.logs, eventName: 'InstantExit' })
  equal(now.coins, instant?.args.coins ?? -1n, 'instant: exactly the coins of the event arrived')
  check(
    (now.quoted[0] ?? 0n) > 0n && now.coins * 1_000n >= (now.quoted[0] ?? 0n) * 995n,
    'and the page had quoted them, within half a percent',
  )

  // ---------------------------------------------------------------- out, in kind
  const [stBefore, btcBefore] = [await tokensOf(getAddress(st.token), me), await tokensOf(getAddress(btc.token), me)]
  const kind = await leave('kind', parseEther('3'))
  const [exit] = parseEventLogs({ abi, logs: kind.receipt.logs, eventName: 'RedeemedInKind' })
  equal(exit?.args.delivered ?? -1n, 7n, 'in kind: all three legs were delivered')
  const delivered = new Map(
    parseEventLogs({ abi, logs: kind.receipt.logs, eventName: 'Delivered' }).map((log) => [
      getAddress(log.address),
      log.args.units,
    ]),
  )
  const given = (sleeve: BasketSleeve | undefined) =>
    (sleeve ? delivered.get(getAddress(sleeve.address)) : undefined) ?? -1n
  const all = await sleeves()
  equal(kind.coins, given(all[0]), 'exactly the coins that the sleeve delivered')
  equal(
    (await tokensOf(getAddress(st.token), me, kind.receipt.blockNumber)) - stBefore,
    given(all[st.id]),
    'exactly the stCORE',
  )
  equal(
    (await tokensOf(getAddress(btc.token), me, kind.receipt.blockNumber)) - btcBefore,
    given(all[btc.id]),
    'exactly the coreBTC',
  )

  // ---------------------------------------------------------------- out, by epoch: asked, taken back, asked again
  const day = async () => Number((await reader.getBlock()).timestamp) % DAY
  // Requests close at 23:00.
  if ((await day()) > 22 * 3_600) await moveTo(Number((await reader.getBlock()).timestamp) - (await day()) + DAY + 60)
  const first = await leave('epoch', parseEther('4'))
  const [request] = parseEventLogs({ abi, logs: first.receipt.logs, eventName: 'RedeemRequest' })
  const epoch = request?.args.requestId ?? 0n
  await page.locator(`[data-testid="position-${epoch}"][data-state="open"]`).waitFor({ timeout: TIMEOUT })
  await enabled(page, `basket-cancel-${epoch}`).waitFor({ timeout: TIMEOUT })
  const held = await sharesOf(me)
  const back = await sends(me, () => page.getByTestId(`basket-cancel-${epoch}`).click())
  equal((await sharesOf(me, back.receipt.blockNumber)) - held, parseEther('4'), 'a cancel gives the shares back')
  await done(page, `position-${epoch}`)
  await leave('epoch', parseEther('8'))
  await state('3-requested')

  // ---------------------------------------------------------------- decide meanwhile: delegate, propose
  await go('Govern')
  await enabled(page, 'delegate-self').waitFor({ timeout: TIMEOUT })
  await sends(me, () => page.getByTestId('delegate-self').click())
  await done(page, 'delegate-status')
  const votes = await reader.readContract({ address: gov, abi, functionName: 'getVotes', args: [me] })
  equal(votes, await tokensOf(gov, me), 'all of my GOV votes')
  // Votes count from before the block in which they are asked for.
  await moveTo(Number((await reader.getBlock()).timestamp) + 60)
  const weights = ['55', '27.5', '17.5']
  for (const [i, weight] of weights.entries()) await page.getByTestId(`weight-${i}`).fill(weight)
  await page.getByTestId('weight-0').fill('54')
  await page.getByTestId('weights-note').getByText('missing').waitFor()
  check(await page.getByTestId('propose-weights').isDisabled(), 'weights that are not whole cannot be proposed')
  await page.getByTestId('weight-0').fill('55')
  await page.getByTestId('weights-why').fill('More CORE\n\nFor the browser test.')
  await enabled(page, 'propose-weights').waitFor({ timeout: TIMEOUT })
  const proposed = await sends(me, () => page.getByTestId('propose-weights').click())
  await done(page, 'propose-status')
  const [created] = parseEventLogs({ abi, logs: proposed.receipt.logs, eventName: 'ProposalCreated' })
  const id = created?.args.proposalId ?? 0n
  equal(created?.args.targets[0], basket, 'the proposal calls the basket')
  await page.locator(`[data-testid="proposal-${id}"][data-state="pending"]`).waitFor({ timeout: TIMEOUT })
  await page.getByTestId(`proposal-${id}`).getByText('55\u00a0%').waitFor()
  await state('4-proposed')

  // ---------------------------------------------------------------- the dawn: close, legs out, a part is claimed
  const dawn = Number((await reader.getBlock()).timestamp) - (await day()) + DAY
  await nextDay(earn, dawn + 60)
  await untilLeg(epoch, 0, 'done')
  await untilLeg(epoch, btc.id, 'done')
  await untilLeg(epoch, st.id, 'out')
  await go('Basket')
  await page.locator(`[data-testid="position-${epoch}"][data-state="claimable"]`).waitFor({ timeout: TIMEOUT })
  const [amounts] = await claimableOf(epoch, me)
  check(
    (amounts[0] ?? 0n) > 0n && (amounts[btc.id] ?? 0n) > 0n && amounts[st.id] === 0n,
    'coins and coreBTC came, stCORE not yet',
  )
  check((await shown(page, `leg-${epoch}-0`)).includes(amounts[0] ?? -1n), 'the page shows the coins to the wei')
  await state('5-claimable')
  await page.getByTestId(`position-${epoch}`).getByText('Pay it to another address').click()
  await page.getByTestId(`basket-claim-to-${epoch}`).fill(elsewhere)
  const [mine, btcMine] = [await coinsOf(elsewhere), await tokensOf(getAddress(btc.token), elsewhere)]
  const claimed = await sends(me, () => page.getByTestId(`basket-claim-${epoch}`).click())
  await done(page, `position-${epoch}`)
  equal(claimed.coins, 0n, 'nothing of the claim came to me')
  equal(
    (await reader.getBalance({ address: elsewhere, ...at(claimed.receipt.blockNumber) })) - mine,
    amounts[0] ?? -1n,
    'exactly the coins went to the other address',
  )
  equal(
    (await tokensOf(getAddress(btc.token), elsewhere, claimed.receipt.blockNumber)) - btcMine,
    amounts[btc.id] ?? -1n,
    'and exactly the coreBTC',
  )

  // ---------------------------------------------------------------- the vote
  const { voteStart = 0n, voteEnd = 0n } = created?.args ?? {}
  await nextDay(earn, Math.max(Number(voteStart) + 60, dawn + DAY + 60))
  await go('Govern')
  await proposalIs(id, 'active')
  await enabled(page, `vote-for-${id}`).waitFor({ timeout: TIMEOUT })
  const voted = await sends(me, () => page.getByTestId(`vote-for-${id}`).click())
  const [vote] = parseEventLogs({ abi, logs: voted.receipt.logs, eventName: 'VoteCast' })
  equal(vote?.args.weight ?? -1n, votes, 'the vote has all of my GOV')
  equal(vote?.args.support ?? -1, 1, 'and is for it')
  await page.getByTestId(`voted-${id}`).waitFor({ timeout: TIMEOUT })
  await state('6-voted')

  // ---------------------------------------------------------------- days pass; what stCORE brought is claimed
  for (let to = dawn + 2 * DAY + 60; to < Number(voteEnd) + DAY; to += DAY) await nextDay(earn, to)
  await proposalIs(id, 'succeeded')
  await enabled(page, `queue-${id}`).waitFor({ timeout: TIMEOUT })
  await sends(me, () => page.getByTestId(`queue-${id}`).click())
  await proposalIs(id, 'queued')
  const eta =
    (await api<ApiPage<Proposal>>('/governance/proposals')).items.find((each) => each.id === id.toString())?.eta ?? 0
  for (let to = Number((await reader.getBlock()).timestamp) + DAY; to < eta + DAY; to += DAY) await nextDay(earn, to)
  await untilLeg(epoch, st.id, 'done')
  await go('Basket')
  await page.locator(`[data-testid="position-${epoch}"][data-state="claimable"]`).waitFor({ timeout: TIMEOUT })
  const [rest] = await claimableOf(epoch, me)
  check((rest[st.id] ?? 0n) > 0n, 'stCORE came back as coins')
  await enabled(page, `basket-claim-${epoch}`).waitFor({ timeout: TIMEOUT })
  const last = await sends(me, () => page.getByTestId(`basket-claim-${epoch}`).click())
  await done(page, `position-${epoch}`)
  equal(last.coins, rest[st.id] ?? -1n, 'exactly what was claimable came to me')
  const [whole] = parseEventLogs({ abi, logs: last.receipt.logs, eventName: 'Claimed' })
  equal(whole?.args.whole ?? false, true, 'and nothing more is to come')
  equal((await positionOf(me, epoch))?.state, 'claimed', 'the service says the same')

  // ---------------------------------------------------------------- the decision holds
  await go('Govern')
  await enabled(page, `execute-${id}`).waitFor({ timeout: TIMEOUT })
  const executed = await sends(me, () => page.getByTestId(`execute-${id}`).click())
  const [set] = parseEventLogs({ abi, logs: executed.receipt.logs, eventName: 'WeightsSet' })
  equal(JSON.stringify(set?.args.targetBps), '[5500,2750,1750]', 'the weights are the ones proposed')
  equal(
    await reader.readContract({ address: governor, abi, functionName: 'state', args: [id] }),
    7,
    'the governor says: executed',
  )
  await page.locator(`[data-testid="proposal-${id}"][data-state="executed"]`).waitFor({ timeout: TIMEOUT })
  await go('Dashboard')
  await page.getByTestId('basket-holding').waitFor({ timeout: TIMEOUT })
  check((await shown(page, 'basket-holding')).includes(await sharesOf(me)), 'the dashboard shows my shares to the wei')
  await state('7-dashboard')

  bad.push(...errors)
  for (const finding of bad.slice(0, 40)) console.error(`BAD ${finding}`)
  console.log(`basket: ${looked()} looks by axe and for overflow, ${bad.length || 'no'} findings`)
  if (bad.length > 0) code = 1
} catch (error) {
  console.error(error)
  const page = context.pages()[0]
  if (page) await shot(page, 'basket-failed')
  code = 1
} finally {
  await close()
}
process.exitCode = code
