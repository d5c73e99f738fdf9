/**
 * The parts around the minter through the app, against a running service on a local chain (anvil) with a pool: coins and
 * tokens into the vault, tokens out at once and coins by the queue, a harvest by the keepers, an exit by pool, buffer and
 * queue beside its quotes, and the queued part as a receipt that one wallet makes and hands on and another wallet claims.
 * Every balance is compared with the contracts' own views and events, to the wei.
 *
 *   BASE_URL, RPC_URL, TIMEOUT_S   see e2e/chain.ts
 *   PRIVATE_KEY, OTHER_KEY         two funded keys, not used by anybody else
 *   PAIR                           the Uniswap V2 pool
 */
import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { getAddress, parseAbi, parseEther, parseEventLogs, type Address, type BlockTag, type Hex } from 'viem'
import type { Account, ExitRequest, Page as ApiPage, Payouts, Receipt, Vault, VaultPosition } from '../src/api/types.ts'
import { toInput } from '../src/lib/amount.ts'
import { check, complaints, equal, launch, until } from './browser.ts'
import {
  api,
  base,
  coinsOf,
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
  token,
  untilFunded,
} from './chain.ts'
import { look, looked, OUT } from './scan.ts'
import { connect, injectWallet } from './wallet.ts'

const abi = parseAbi([
  'event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)',
  'event Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares)',
  'event Harvested(address indexed caller, uint256 coins, uint256 lst)',
  'event RedeemRequest(address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares)',
  'event AmmExit(address indexed account, address indexed recipient, address indexed pool, uint256 lst, uint256 coins)',
  'event InstantExit(address indexed account, address indexed recipient, uint256 lst, uint256 gross, uint256 fee)',
  'event ExitRequested(uint256 indexed id, address indexed owner, uint256 lst, uint16 hint)',
  'event ReceiptClaimed(uint256 indexed tokenId, address indexed recipient, uint256 paid, uint256 nextTokenId)',
  'event RewardsPaid(address indexed account, address indexed recipient, uint256 amount)',
  'function balanceOf(address) view returns (uint256)',
  'function lstHeld() view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function claimableAssets(uint256 requestId, address controller) view returns (uint256)',
  'function pendingRedeemRequest(uint256 requestId, address controller) view returns (uint256)',
  'function ownerOf(uint256) view returns (address)',
  'function ticketOwner(uint256) view returns (address)',
  'function claimable(uint256 id) view returns (uint256 gross, uint256 fee)',
  'function autoPay(address) view returns (bool)',
  'function getReserves() view returns (uint112 first, uint112 second, uint32 at)',
  'function token0() view returns (address)',
])

const { vault: vaultAt, coinVault: coinVaultAt, receipts: receiptsAt, rewards } = config.contracts
if (!vaultAt || !coinVaultAt || !receiptsAt || !rewards)
  throw new Error('this deployment lacks vault, receipts or rewards')
const [vault, coinVault, receipts] = [getAddress(vaultAt), getAddress(coinVaultAt), getAddress(receiptsAt)]
const pair = getAddress(setting('PAIR'))

const at = (block?: bigint): { blockNumber: bigint } | { blockTag: BlockTag } =>
  block === undefined ? { blockTag: 'latest' } : { blockNumber: block }
const sharesOf = (who: Address, block?: bigint) =>
  reader.readContract({ address: vault, abi, functionName: 'balanceOf', args: [who], ...at(block) })
const held = (block?: bigint) => reader.readContract({ address: vault, abi, functionName: 'lstHeld', ...at(block) })

/** What lies in the pool: tokens, coins. */
async function reserves(block?: bigint): Promise<[bigint, bigint]> {
  const [first, second] = await reader.readContract({ address: pair, abi, functionName: 'getReserves', ...at(block) })
  const zero = await reader.readContract({ address: pair, abi, functionName: 'token0' })
  return getAddress(zero) === token ? [first, second] : [second, first]
}

/** Uniswap V2's own formula, 0.3 %. */
const uniswap = (given: bigint, [x, y]: [bigint, bigint]) => (given * 997n * y) / (x * 1_000n + given * 997n)

async function visitor(key: Hex) {
  const { context, close } = await launch()
  const { address } = await injectWallet(context, { rpcUrl, privateKey: key, chainId: config.chainId })
  const page = context.pages()[0] ?? (await context.newPage())
  const errors = complaints(page)
  await connect(page, base)
  return { page, me: address, errors, close }
}

const enabled = (page: Page, testId: string) => page.getByTestId(testId).and(page.locator(':enabled'))
const go = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).first().click()
const requestsOf = (who: Address) => api<ApiPage<ExitRequest>>(`/accounts/${who}/requests`)

mkdirSync(OUT, { recursive: true })
const started = await reader.getBlockNumber()
const ann = await visitor(setting('PRIVATE_KEY') as Hex)
const ben = await visitor(setting('OTHER_KEY') as Hex)
let code = 0
try {
  const bad: string[] = []
  const state = async (page: Page, name: string) => {
    bad.push(...(await look(page, `parts-${name}`)))
  }
  const page = ann.page

  // ---------------------------------------------------------------- coins into the vault
  const coins = parseEther('100')
  await page.getByTestId('deposit-into-vault').check()
  await page.getByTestId('deposit-amount').fill(toInput(coins))
  await enabled(page, 'deposit-submit').waitFor({ timeout: TIMEOUT })
  const offered = (await shown(page, 'deposit-receive'))[0] ?? 0n
  const bought = await sends(ann.me, () => page.getByTestId('deposit-submit').click())
  await done(page, 'deposit-status')
  const [put] = parseEventLogs({ abi, logs: bought.receipt.logs, eventName: 'Deposit' })
  equal(bought.coins, -coins, 'the vault took exactly the coins')
  equal(bought.lst, 0n, 'and no tokens came: the vault holds them')
  equal(await sharesOf(ann.me, bought.receipt.blockNumber), put?.args.shares ?? -1n, 'the shares are the ones minted')
  check(offered >= (put?.args.shares ?? 0n), 'the page offered no less than came')
  check((put?.args.shares ?? 0n) * 1_000n >= offered * 999n, 'and no more than a thousandth over it')
  equal(await held(bought.receipt.blockNumber), put?.args.assets ?? -1n, 'the vault counts the tokens of the deposit')
  await state(page, '1-vault')

  // ---------------------------------------------------------------- tokens into the vault
  await page.getByTestId('deposit-into-wallet').check()
  await page.getByTestId('deposit-amount').fill('1000')
  await enabled(page, 'deposit-submit').waitFor({ timeout: TIMEOUT })
  const deposited = await sends(ann.me, () => page.getByTestId('deposit-submit').click())
  equal(deposited.lst, parseEther('1000'), 'a deposit into the wallet, at a rate of one')
  await done(page, 'deposit-status')
  const tokens = parseEther('10')
  await page.getByTestId('vault-in-amount').fill(toInput(tokens))
  await enabled(page, 'vault-in-submit').waitFor({ timeout: TIMEOUT })
  const allowing = await sends(ann.me, () => page.getByTestId('vault-in-submit').click())
  equal(allowing.lst, 0n, 'allowing moves nothing')
  await done(page, 'vault-in-status')
  await page.getByTestId('vault-in-submit').getByText('Put into the vault').waitFor({ timeout: TIMEOUT })
  const before = await sharesOf(ann.me)
  const added = await sends(ann.me, () => page.getByTestId('vault-in-submit').click())
  const [more] = parseEventLogs({ abi, logs: added.receipt.logs, eventName: 'Deposit' })
  equal(added.lst, -tokens, 'exactly the tokens went in')
  equal(
    (await sharesOf(ann.me, added.receipt.blockNumber)) - before,
    more?.args.shares ?? -1n,
    'and the shares that the contract names came',
  )

  // ---------------------------------------------------------------- out: tokens at once, coins by the queue
  await page.getByTestId('vault-side-out').check()
  const some = parseEther('20')
  await page.getByTestId('vault-out-amount').fill(toInput(some))
  await enabled(page, 'vault-out-submit').waitFor({ timeout: TIMEOUT })
  const out = await sends(ann.me, () => page.getByTestId('vault-out-submit').click())
  await done(page, 'vault-out-status')
  const [taken] = parseEventLogs({ abi, logs: out.receipt.logs, eventName: 'Withdraw' })
  equal(taken?.args.shares ?? -1n, some, 'exactly the shares were burned')
  equal(out.lst, taken?.args.assets ?? -1n, 'and the tokens that the contract names came')
  check(out.lst >= some - 1n, 'a share is worth a token at least')
  const line = parseEther('30')
  await page.getByTestId('vault-out-coins').check()
  await page.getByTestId('vault-out-amount').fill(toInput(line))
  await enabled(page, 'vault-out-submit').waitFor({ timeout: TIMEOUT })
  const queued = await sends(ann.me, () => page.getByTestId('vault-out-submit').click())
  await done(page, 'vault-out-status')
  const [asked] = parseEventLogs({ abi, logs: queued.receipt.logs, eventName: 'RedeemRequest' })
  equal(asked?.args.shares ?? -1n, line, 'the request has exactly the shares')
  equal(queued.coins, 0n, 'and paid nothing now')
  const vaultRequest = asked?.args.requestId ?? 0n
  await page.locator(`[data-testid="vault-request-${vaultRequest}"][data-state="open"]`).waitFor({ timeout: TIMEOUT })
  await state(page, '2-vault-queued')

  // ---------------------------------------------------------------- an exit by pool, buffer and queue
  await go(page, 'Exit')
  // More than buffer and pool would pay together.
  const leaving = parseEther('700')
  await page.getByTestId('exit-amount').fill(toInput(leaving))
  await enabled(page, 'exit-submit').waitFor({ timeout: TIMEOUT })
  await page.getByTestId('exit-pool-alone').waitFor({ timeout: TIMEOUT })
  const [aloneLst = 0n, alonePay = 0n] = await shown(page, 'exit-pool-alone')
  const lies = await reserves()
  check(aloneLst > 0n && aloneLst < leaving, 'the pool would buy a part of it before its price is under the cap')
  equal(alonePay, uniswap(aloneLst, lies), 'for what Uniswap’s own formula gives')
  await state(page, '3-exit-quoted')
  const [promised = 0n] = await shown(page, 'exit-summary')
  const left = await sends(ann.me, () => page.getByTestId('exit-submit').click())
  await done(page, 'exit-status')
  const [sold] = parseEventLogs({ abi, logs: left.receipt.logs, eventName: 'AmmExit' })
  const [instant] = parseEventLogs({ abi, logs: left.receipt.logs, eventName: 'InstantExit' })
  const [request] = parseEventLogs({ abi, logs: left.receipt.logs, eventName: 'ExitRequested' })
  check(sold && request, 'one transaction sold a part to the pool and queued the rest')
  const paidByBuffer = instant ? instant.args.gross - instant.args.fee : 0n
  equal(left.lst, -leaving, 'exactly the tokens left')
  equal(sold.args.lst + (instant?.args.lst ?? 0n) + request.args.lst, leaving, 'the three parts add up')
  equal(left.coins, sold.args.coins + paidByBuffer, 'exactly what pool and buffer paid arrived')
  check(left.coins * 1_000n >= promised * 995n, 'the page had quoted it, within half a percent')
  equal(sold.args.coins, uniswap(sold.args.lst, lies), 'the pool paid by its formula')
  const [x, y] = await reserves(left.receipt.blockNumber)
  equal(x - lies[0], sold.args.lst, 'the tokens lie in the pool')
  equal(lies[1] - y, sold.args.coins, 'and its coins are gone')

  // ---------------------------------------------------------------- a receipt: made, handed on
  const id = request.args.id
  await enabled(page, `mint-${id}`).waitFor({ timeout: TIMEOUT })
  await sends(ann.me, () => page.getByTestId(`mint-${id}`).click())
  await done(page, `request-${id}`)
  const ownerOf = () => reader.readContract({ address: receipts, abi, functionName: 'ownerOf', args: [id] })
  equal(await ownerOf(), ann.me, 'the receipt is mine')
  equal(
    await reader.readContract({ address: minter, abi, functionName: 'ticketOwner', args: [id] }),
    receipts,
    'and the request is the receipts contract’s',
  )
  await page.getByTestId(`request-${id}`).getByText('Give or sell this receipt').click()
  await page.getByTestId(`transfer-to-${id}`).fill(ben.me)
  await enabled(page, `transfer-${id}`).waitFor()
  await state(page, '4-receipt')
  await sends(ann.me, () => page.getByTestId(`transfer-${id}`).click())
  equal(await ownerOf(), ben.me, 'the receipt is the other’s')
  await page.getByTestId(`request-${id}`).waitFor({ state: 'detached', timeout: TIMEOUT })
  equal((await requestsOf(ann.me)).items.filter((each) => each.id === id.toString()).length, 0, 'it left my list')
  const receipt = await api<Receipt>(`/receipts/${id}`)
  equal(getAddress(receipt.owner), ben.me, 'the service knows its new owner')
  equal(receipt.request.lst, request.args.lst.toString(), 'and what it stands for')

  // ---------------------------------------------------------------- payouts are asked for, not pushed
  await go(page, 'Dashboard')
  await page.getByTestId('auto-pay').and(page.locator('[aria-checked="true"]:enabled')).waitFor({ timeout: TIMEOUT })
  await sends(ann.me, () => page.getByTestId('auto-pay').click())
  await page.getByTestId('auto-pay').and(page.locator('[aria-checked="false"]')).waitFor({ timeout: TIMEOUT })
  equal(
    await reader.readContract({ address: minter, abi, functionName: 'autoPay', args: [ann.me] }),
    false,
    'the switch is the contract’s',
  )
  equal((await api<Payouts>(`/accounts/${ann.me}/payouts`)).autoPay, false, 'and the service’s')

  // ---------------------------------------------------------------- the other wallet claims it
  await go(ben.page, 'Dashboard')
  await ben.page.getByTestId(`request-${id}`).getByText('Receipt', { exact: true }).waitFor({ timeout: TIMEOUT })
  await untilFunded(ben.me, id)
  await ben.page.locator(`[data-testid="request-${id}"][data-state="ready"]`).waitFor({ timeout: TIMEOUT })
  await enabled(ben.page, `claim-${id}`).waitFor({ timeout: TIMEOUT })
  await state(ben.page, '5-receipt-claimable')
  const [gross, fee] = await reader.readContract({ address: minter, abi, functionName: 'claimable', args: [id] })
  check((await shown(ben.page, `request-${id}`)).includes(gross - fee), 'the page shows its worth to the wei')
  const annBefore = await coinsOf(ann.me)
  const claimed = await sends(ben.me, () => ben.page.getByTestId(`claim-${id}`).click())
  await done(ben.page, `request-${id}`)
  const [cashed] = parseEventLogs({ abi, logs: claimed.receipt.logs, eventName: 'ReceiptClaimed' })
  equal(claimed.coins, gross - fee, 'the buyer got exactly what was claimable')
  equal(cashed?.args.paid ?? -1n, gross - fee, 'and the contract says the same')
  equal(cashed?.args.nextTokenId ?? -1n, 0n, 'nothing is left of the receipt')
  equal(await coinsOf(ann.me), annBefore, 'the seller got nothing of it')
  const ended = await until(
    'the index sees its end',
    async () => {
      const row = await api<Receipt>(`/receipts/${id}`)
      return row.state === 'claimed' ? row : null
    },
    TIMEOUT,
  )
  equal(ended.paid, (gross - fee).toString(), 'the service knows what it paid')

  // ---------------------------------------------------------------- coins out of the vault
  const open = () =>
    reader.readContract({ address: coinVault, abi, functionName: 'pendingRedeemRequest', args: [vaultRequest, ann.me] })
  for (let day = 0; day < 30 && (await open()) > 0n; day++) {
    await moveTo(Number((await reader.getBlock()).timestamp) + 24 * HOUR)
    await until('the keepers fund it', async () => (await open()) === 0n, 10_000).catch(() => undefined)
  }
  await go(page, 'Stake')
  await enabled(page, `vault-claim-${vaultRequest}`).waitFor({ timeout: TIMEOUT })
  const due = await reader.readContract({
    address: coinVault,
    abi,
    functionName: 'claimableAssets',
    args: [vaultRequest, ann.me],
  })
  check((await shown(page, `vault-request-${vaultRequest}`)).includes(due), 'the page shows its coins to the wei')
  const cash = await sends(ann.me, () => page.getByTestId(`vault-claim-${vaultRequest}`).click())
  await done(page, `vault-request-${vaultRequest}`)
  equal(cash.coins, due, 'the claim paid exactly what was claimable')
  check(due * 10_000n >= line * 9_994n, 'which is the shares’ worth, less the queue’s fee')

  // ---------------------------------------------------------------- the keepers’ harvest
  const harvests = await until(
    'the keepers harvest',
    async () => {
      const logs = await reader.getContractEvents({
        address: vault,
        abi,
        eventName: 'Harvested',
        fromBlock: started,
        strict: true,
      })
      if (logs.length > 0) return logs
      await moveTo(Number((await reader.getBlock()).timestamp) + 24 * HOUR)
      return null
    },
    TIMEOUT,
  )
  check(
    harvests.every((log) => getAddress(log.args.caller) !== ann.me && log.args.coins > 0n),
    `the keepers harvested: ${harvests.length} times`,
  )
  const figures = await until(
    'the index sees the harvest',
    async () => {
      const row = await api<Vault>('/vault')
      return row.harvestedAt === null ? null : row
    },
    TIMEOUT,
  )
  equal(
    BigInt(figures.shares),
    await reader.readContract({
      address: vault,
      abi,
      functionName: 'totalSupply',
      blockNumber: BigInt(figures.block),
    }),
    'the service agrees with the vault about its shares',
  )
  equal(BigInt(figures.lstHeld), await held(BigInt(figures.block)), 'and about its tokens')
  const position = await api<VaultPosition>(`/accounts/${ann.me}/vault`)
  equal(BigInt(position.shares), await sharesOf(ann.me), 'and about mine')
  check(BigInt(position.lst) > BigInt(position.shares), 'a share is worth more than a token by now')
  equal(BigInt(position.claimed), cash.coins, 'and about what I claimed')

  // ---------------------------------------------------------------- rewards of what lies in the wallet
  await go(page, 'Dashboard')
  const account = await api<Account>(`/accounts/${ann.me}`)
  equal(BigInt(account.lstBalance), await lstOf(ann.me), 'the service agrees about the tokens')
  check(BigInt(account.claimableRewards) > 0n, 'there are rewards')
  await enabled(page, 'claim-rewards').waitFor({ timeout: TIMEOUT })
  const rewarded = await sends(ann.me, () => page.getByTestId('claim-rewards').click())
  const paid = parseEventLogs({ abi, logs: rewarded.receipt.logs, eventName: 'RewardsPaid' }).find(
    (log) => getAddress(log.address) === getAddress(rewards),
  )
  equal(rewarded.coins, paid?.args.amount ?? -1n, 'the rewards arrived in full')
  for (const what of ['Into the vault', 'Sold to a pool', 'Receipt given', 'Vault exit claimed', 'Rewards claimed']) {
    await page.getByRole('cell', { name: what, exact: true }).first().waitFor({ timeout: TIMEOUT })
  }
  await state(page, '6-dashboard')
  await go(page, 'Operate')
  await page.getByTestId('pool').first().waitFor({ timeout: TIMEOUT })
  await state(page, '7-operate')

  equal(bad.length, 0, `${looked()} looks at the real pages, by axe and for overflow (${bad.join('; ')})`)
  equal([...ann.errors, ...ben.errors].length, 0, `no complaints (${[...ann.errors, ...ben.errors].join('; ')})`)
  console.log('parts: done')
} catch (error) {
  code = 1
  console.error(error)
  await shot(ann.page, 'parts-failed-ann').catch(() => undefined)
  await shot(ben.page, 'parts-failed-ben').catch(() => undefined)
} finally {
  await ann.close()
  await ben.close()
}
process.exitCode = code
