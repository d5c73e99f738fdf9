/**
 * One person's road through the app, against a running service on a local chain (anvil): connect, deposit, queue and
 * cancel, leave partly at once and partly through the queue, let the clock run through the cooldown while the keepers
 * work, claim. Every balance is compared with the chain to the wei, network fees included; each state is looked at by axe
 * and for overflow, light and dark, on a phone and on a desk. The journey moves the clock
 * itself (evm_increaseTime), so the chain's own must run at the wall's pace; jobs and alerts must be open to viewers.
 *
 *   BASE_URL     where the service serves the app            RPC_URL      the chain's endpoint (anvil)
 *   PRIVATE_KEY  a funded key, not used by anybody else      DEPOSIT      whole coins to deposit, default 100
 *   EXPECT_REWARDS  0 where the chain pays none
 *   CHROMIUM     the browser, default /usr/bin/chromium      TIMEOUT_S    for each thing waited for, default 120
 */
import { mkdirSync } from 'node:fs'
import { getAddress, parseAbi, parseEther, parseEventLogs, type Hex } from 'viem'
import type { Account, HistoryItem, Page as ApiPage } from '../src/api/types.ts'
import { toInput } from '../src/lib/amount.ts'
import { check, complaints, equal, launch, until } from './browser.ts'
import {
  api,
  base,
  config,
  done,
  HOUR,
  lstOf,
  minter,
  moveTo,
  reader,
  rpcUrl,
  sends,
  setting,
  shot,
  shown,
  TIMEOUT,
  untilFunded,
} from './chain.ts'
import { look, looked, OUT } from './scan.ts'
import { connect, injectWallet } from './wallet.ts'

const privateKey = setting('PRIVATE_KEY') as Hex
const deposit = parseEther(setting('DEPOSIT', '100'))

const minterAbi = parseAbi([
  'event Deposited(address indexed account, address indexed payer, uint16 indexed hint, uint256 coins, uint256 lst)',
  'event InstantExit(address indexed account, address indexed recipient, uint256 lst, uint256 gross, uint256 fee)',
  'event ExitRequested(uint256 indexed id, address indexed owner, uint256 lst, uint16 hint)',
  'event ExitCancelled(uint256 indexed id, address indexed owner, uint256 lst)',
  'event RungClosed(uint256 indexed rung, uint256 lst, uint256 count, uint256 unitsEnd, uint256 c0, uint256 feeBps)',
  'event LineFunded(uint256 indexed checkpoint, uint256 watermark, uint256 b, uint256 lst, uint256 coins)',
  'event Departed(uint16 indexed validatorId, uint256 indexed index, uint256 amount, uint256 end, bool early)',
  'event Swept(uint16 indexed validatorId, uint256 indexed index, uint256 gained, uint256 received)',
  'event Claimed(uint256 indexed id, address indexed owner, address indexed recipient, uint256 paid, uint256 fee, bool done)',
  'function request(uint256 id) view returns (address owner, uint256 lst, uint256 paid)',
  'function claimable(uint256 id) view returns (uint256 gross, uint256 fee)',
  'function instantLiquidity() view returns (uint256)',
  'function rate() view returns (uint256)',
  'function quoteDeposit(uint256 coins) view returns (uint256 lst)',
])
const tokenAbi = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'event RewardsCollected(address indexed account, uint256 amount)',
])

mkdirSync(OUT, { recursive: true })
const { context, close } = await launch()
const started = await reader.getBlockNumber()
let code = 0
const page = context.pages()[0] ?? (await context.newPage())
try {
  const wallet = await injectWallet(context, { rpcUrl, privateKey, chainId: config.chainId })
  const me = wallet.address
  const errors = complaints(page)
  // What a page of made-up data cannot show: the real one, in the states that a person meets on the way.
  const bad: string[] = []
  const state = async (name: string) => {
    bad.push(...(await look(page, `journey-${name}`)))
  }

  // Connect, be on the wrong network, come over.
  await connect(page, base)
  wallet.moveTo(1)
  await page.evaluate(() =>
    (window as unknown as { __e2eEmit: (event: string, value: string) => void }).__e2eEmit('chainChanged', '0x1'),
  )
  await page.getByTestId('switch-network').click()
  await page.getByTestId('switch-network').waitFor({ state: 'detached' })
  check(true, 'the wrong network is said, and one press leaves it')

  // Deposit: declined once, then for real.
  await page.getByTestId('deposit-amount').fill(toInput(deposit))
  const submit = page.getByTestId('deposit-submit')
  await submit.and(page.locator(':enabled')).waitFor()
  const offered = (await shown(page, 'deposit-receive'))[0]
  wallet.declineNext()
  await submit.click()
  await page.getByTestId('deposit-status').getByText('You declined in your wallet').waitFor()
  check(true, 'a declined signature is said and loses nothing')
  const deposited = await sends(me, () => submit.click())
  await done(page, 'deposit-status')
  equal(deposited.coins, -deposit, 'the deposit took exactly the coins')
  const [minted] = parseEventLogs({ abi: minterAbi, logs: deposited.receipt.logs, eventName: 'Deposited' })
  equal(deposited.lst, minted?.args.lst ?? -1n, 'the tokens that came are the ones the contract minted')
  equal(deposited.lst, offered ?? -1n, 'the tokens that came are the ones the page offered')
  await state('1-deposited')

  // Queue one coin's worth, see it, take it back while its rung is open.
  await page.getByRole('link', { name: 'Exit', exact: true }).first().click()
  const small = parseEther('1')
  await page.getByTestId('exit-amount').fill(toInput(small))
  const exit = page.getByTestId('exit-submit')
  await exit.and(page.locator(':enabled')).waitFor()
  if (await page.getByTestId('exit-all-queue').isEnabled()) await page.getByTestId('exit-all-queue').click()
  await exit.and(page.locator(':enabled')).waitFor()
  const queued = await sends(me, () => exit.click())
  await done(page, 'exit-status')
  equal(queued.lst, -small, 'the queued request burned exactly its tokens')
  equal(queued.coins, 0n, 'and paid nothing now')
  const [asked] = parseEventLogs({ abi: minterAbi, logs: queued.receipt.logs, eventName: 'ExitRequested' })
  const smallId = asked?.args.id ?? 0n
  await page.getByTestId(`cancel-${smallId}`).and(page.locator(':enabled')).waitFor()
  const cancelled = await sends(me, () => page.getByTestId(`cancel-${smallId}`).click())
  equal(cancelled.lst, small, 'the cancel brought exactly the tokens back')
  await done(page, `request-${smallId}`)
  await page.locator(`[data-testid="request-${smallId}"][data-state="cancelled"]`).waitFor({ timeout: TIMEOUT })

  // Leave with half of the holding: half of what can be had at once, the rest through the queue.
  await until(
    'the buffer can pay something',
    async () => (await reader.readContract({ address: minter, abi: minterAbi, functionName: 'instantLiquidity' })) > 0n,
    TIMEOUT,
  )
  const held = await lstOf(me)
  const leaving = held / 2n
  await page.getByTestId('exit-amount').fill(toInput(leaving))
  await page.getByTestId('exit-now-slider').and(page.locator(':enabled')).waitFor({ timeout: TIMEOUT })
  await page.getByTestId('exit-now-slider').fill('5000')
  await exit.and(page.locator(':enabled')).waitFor()
  await state('2-exit-quoted')
  const [quotedNow] = await shown(page, 'exit-summary')
  const left = await sends(me, () => exit.click())
  await done(page, 'exit-status')
  const [instant] = parseEventLogs({ abi: minterAbi, logs: left.receipt.logs, eventName: 'InstantExit' })
  const [request] = parseEventLogs({ abi: minterAbi, logs: left.receipt.logs, eventName: 'ExitRequested' })
  check(instant && request, 'one transaction paid a part now and queued the rest')
  equal(instant.args.lst + request.args.lst, leaving, 'the two parts add up')
  equal(left.lst, -leaving, 'exactly the tokens left')
  equal(left.coins, instant.args.gross - instant.args.fee, 'exactly what the contract paid arrived')
  check(
    quotedNow !== undefined && left.coins * 1_000n >= quotedNow * 995n,
    'the page had quoted it, within half a percent',
  )
  const id = request.args.id
  const [owner, ticket] = await reader.readContract({
    address: minter,
    abi: minterAbi,
    functionName: 'request',
    args: [id],
  })
  equal(owner, me, 'the request is mine on chain')
  equal(ticket, request.args.lst, 'and has the queued tokens')
  await page.getByTestId(`request-${id}`).waitFor({ timeout: TIMEOUT })
  await state('3-requested')

  // Time passes; the keepers close the rung, depart, sweep and fund the line.
  const funded = await untilFunded(me, id)
  check(funded.promisedAt !== null, 'the request had a promised time')
  const head = await reader.getBlock()
  check(funded.revised || Number(head.timestamp) <= (funded.promisedAt ?? 0), 'it was kept, or said to be revised')
  const range = { address: minter, abi: minterAbi, fromBlock: started, strict: true } as const
  for (const eventName of ['RungClosed', 'Departed', 'Swept', 'LineFunded'] as const) {
    const logs = await reader.getContractEvents({ ...range, eventName })
    const senders = await Promise.all(
      logs
        .slice(0, 50)
        .map(async (log) => getAddress((await reader.getTransaction({ hash: log.transactionHash })).from)),
    )
    check(
      senders.length > 0 && senders.every((sender) => sender !== me),
      `the keepers did it: ${logs.length} × ${eventName}`,
    )
  }

  // The page follows by itself; claim.
  const claim = page.getByTestId(`claim-${id}`)
  await claim.and(page.locator(':enabled')).waitFor({ timeout: TIMEOUT })
  await page.locator(`[data-testid="request-${id}"][data-state="ready"]`).waitFor({ timeout: TIMEOUT })
  await state('4-claimable')
  const [gross, fee] = await reader.readContract({
    address: minter,
    abi: minterAbi,
    functionName: 'claimable',
    args: [id],
  })
  const figures = await shown(page, `request-${id}`)
  check(figures.includes(gross - fee), `the page shows the claimable ${gross - fee} wei to the wei`)
  const claimed = await sends(me, () => claim.click())
  await done(page, `request-${id}`)
  const [paid] = parseEventLogs({ abi: minterAbi, logs: claimed.receipt.logs, eventName: 'Claimed' })
  equal(claimed.coins, gross - fee, 'the claim paid exactly what was claimable')
  equal(paid?.args.paid ?? -1n, gross - fee, 'and the contract says the same')
  equal(paid?.args.done, true, 'the request is closed')
  await page.locator(`[data-testid="request-${id}"][data-state="claimed"]`).waitFor({ timeout: TIMEOUT })

  // Dashboard: the service knows it all; rewards, where there are some.
  await page.getByRole('link', { name: 'Dashboard', exact: true }).first().click()
  for (const what of ['Deposit', 'Instant exit', 'Queued exit', 'Exit claimed']) {
    await page.getByRole('cell', { name: what, exact: true }).first().waitFor({ timeout: TIMEOUT })
  }
  const account = await api<Account>(`/accounts/${me}`)
  equal(BigInt(account.lstBalance), await lstOf(me), 'the service agrees with the chain about the holding')
  const history = await api<ApiPage<HistoryItem>>(`/accounts/${me}/history`)
  const total = (kind: HistoryItem['kind']) =>
    history.items.filter((item) => item.kind === kind).reduce((sum, item) => sum + BigInt(item.amount), 0n)
  equal(total('deposit'), deposit, 'history: deposits')
  equal(total('instantExit'), left.coins, 'history: instant exits')
  equal(total('claim'), claimed.coins, 'history: claims')
  // Rewards stream day by day after the keepers' claim, so a few days may have to pass.
  let rewards = BigInt(account.claimableRewards)
  for (let day = 0; day < 5 && rewards === 0n; day++) {
    await moveTo(Number((await reader.getBlock()).timestamp) + 24 * HOUR)
    rewards = await until(
      'rewards',
      async () => BigInt((await api<Account>(`/accounts/${me}`)).claimableRewards),
      10_000,
    ).catch(() => 0n)
  }
  if (rewards > 0n) {
    const button = page.getByTestId('claim-rewards')
    await button.and(page.locator(':enabled')).waitFor({ timeout: TIMEOUT })
    const rewarded = await sends(me, () => button.click())
    const [collected] = parseEventLogs({ abi: tokenAbi, logs: rewarded.receipt.logs, eventName: 'RewardsCollected' })
    equal(rewarded.coins, collected?.args.amount ?? -1n, 'the rewards arrived in full')
    check(rewarded.coins > 0n, 'and they were some')
    await page.getByRole('cell', { name: 'Rewards claimed', exact: true }).first().waitFor({ timeout: TIMEOUT })
  } else if (process.env.EXPECT_REWARDS === '0') {
    console.log('--  no rewards came within five days, as EXPECT_REWARDS=0 says')
  } else {
    throw new Error('no rewards came within five days; EXPECT_REWARDS=0 if this chain pays none')
  }
  await state('5-dashboard')

  // What the operators see.
  await page.getByRole('link', { name: 'Operate', exact: true }).first().click()
  await page.getByRole('heading', { name: 'Jobs' }).waitFor()
  await page.getByRole('heading', { name: 'Buffer', exact: true }).waitFor()
  await state('6-operate')
  await page.getByRole('link', { name: 'Validators', exact: true }).first().click()
  await page.getByTestId('validator-name').first().waitFor()
  await state('7-validators')

  equal(bad.length, 0, `${looked()} looks at the real pages, by axe and for overflow (${bad.join('; ')})`)
  equal(errors.length, 0, `the pages complained of nothing (${errors.join('; ')})`)
  console.log('journey: done')
} catch (error) {
  code = 1
  console.error(error)
  await shot(page, 'journey-failed').catch(() => undefined)
} finally {
  await close()
}
process.exitCode = code
