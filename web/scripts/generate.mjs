// Makes the client's types from the API's OpenAPI document, the wallet's ABI from the contracts' artifacts, and the text of
// the page about risks from the book's.
// `--check` changes nothing and fails when what is committed is stale.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const check = process.argv.includes('--check')

// The functions that the app calls. All errors are taken: a refusal must have a name.
const FUNCTIONS = {
  minter: [
    'deposit(address,uint256,uint256)',
    'redeem(uint256,(uint256,uint256,uint256,uint256,uint256,uint256,address))',
    'cancel(uint256)',
    'claim(uint256,uint256,uint256)',
    'findHints(uint256[])',
    'unstakeRewards()',
    'mintReceipt(uint256)',
    'setAutoPay(bool)',
    'flags()',
  ],
  rewards: ['rewardFeeBps()'],
  token: ['allowance(address,address)', 'approve(address,uint256)'],
  vault: [
    'deposit(uint256,address)',
    'previewDeposit(uint256)',
    'previewRedeem(uint256)',
    'redeem(uint256,address,address)',
    'submitAndDeposit(address,uint256)',
  ],
  coinVault: [
    'cancelRequest(address,address)',
    'claimRequest(uint256,address,address)',
    'convertToAssets(uint256)',
    'requestRedeem(uint256,address,address)',
  ],
  receipts: ['claim(uint256,uint256,uint256,address)', 'safeTransferFrom(address,address,uint256)', 'unwrap(uint256)'],
  basket: [
    'deposit(uint256,uint256,address,uint256,uint256)',
    'depositWithPermit(uint256,uint256,address,uint256,uint256,uint8,bytes32,bytes32)',
    'mintInKind(uint256,uint256[],address,uint256)',
    'redeemInstant(uint256,uint256,address,uint256)',
    'redeemInKind(uint256,address)',
    'deliverLeg(address,uint256)',
    'setLegRecipient(address)',
    'setWeights(uint16[])',
  ],
  queue: [
    'requestRedeem(uint256,address,address)',
    'cancel(uint256,uint256,address,address)',
    'closeEpoch()',
    'startLeg(uint256,uint256)',
    'startInKind(uint256,uint256)',
    'collect(uint256,uint256)',
    'claim(uint256,address,uint256,address)',
    'mintReceipt(uint256)',
  ],
  basketReceipts: ['claim(uint256,uint256,address)', 'safeTransferFrom(address,address,uint256)', 'unwrap(uint256)'],
  // The last two are how any token with a permit (EIP-2612) says what to sign.
  gov: ['delegate(address)', 'eip712Domain()', 'nonces(address)'],
  governor: [
    'castVote(uint256,uint8)',
    'execute(address[],uint256[],bytes[],bytes32)',
    'propose(address[],uint256[],bytes[],string)',
    'queue(address[],uint256[],bytes[],bytes32)',
  ],
  // Never called by the app: what a proposal's calls are read with.
  decision: {
    basket: [
      'addSleeve((address,uint256,uint256,uint16,uint16))',
      'retireSleeve(uint256)',
      'setWeights(uint16[])',
      'setCaps(uint256,uint256,uint256,uint16)',
      'setFees(uint16,uint16,uint16,uint16)',
      'setIdle(uint256,uint256)',
      'setShareCap(uint256)',
      'setDriftBps(uint16)',
      'setFeed(address)',
      'setGuardian(address)',
      'setFeeRecipient(address)',
      'unpause(uint8)',
    ],
    guardian: ['appoint(address,uint256)', 'remove()'],
    timelock: ['register(address)', 'updateDelay(uint256)'],
    governor: [
      'setLateQuorumVoteExtension(uint48)',
      'setProposalThreshold(uint256)',
      'setVotingDelay(uint48)',
      'setVotingPeriod(uint32)',
    ],
    gov: ['transfer(address,uint256)'],
    feed: ['delist(address)'],
  },
}

const artifact = (name) => JSON.parse(readFileSync(here(`../../contracts/artifacts/${name}.json`), 'utf8')).abi
const type = (input) =>
  input.type.startsWith('tuple') ? `(${input.components.map(type).join(',')})${input.type.slice(5)}` : input.type
const signature = (item) => `${item.name}(${item.inputs.map(type).join(',')})`

function functions(abi, wanted) {
  return wanted.map((each) => {
    const found = abi.find((item) => item.type === 'function' && signature(item) === each)
    if (!found) throw new Error(`the artifacts have no function ${each}`)
    return found
  })
}

/** Errors of everything that a call can reach, once each: whatever a contract of ours refuses with has a name. */
function errors(...abis) {
  const seen = new Map()
  for (const abi of abis) for (const item of abi) if (item.type === 'error') seen.set(signature(item), item)
  return [...seen.values()].sort((a, b) => (signature(a) < signature(b) ? -1 : 1))
}

// The contracts themselves, not their interfaces: they add the errors that they inherit (insufficient balance and the like).
const token = artifact('LiquidToken')
const vault = artifact('LiquidVault')
const coinVault = artifact('LiquidCoinVault')
const receipts = artifact('LiquidReceipts')
const minter = artifact('ILiquidMinter')
const rewards = artifact('ILiquidRewards')
const errorsAbi = errors(minter, token, rewards, vault, coinVault, receipts)
// A basket is one address, and its code several contracts; a sleeve's or a token's refusal comes through it.
const basket = artifact('IBasket')
const governor = artifact('BasketGovernor')
const gov = artifact('GovToken')
const queue = artifact('UnbondingQueue')
const basketReceipts = artifact('BasketReceipts')
const guardian = artifact('IGuardian')
const timelock = artifact('BasketTimelock')
const feed = artifact('IPriceFeed')
const basketErrorsAbi = errors(
  basket,
  artifact('Basket'),
  artifact('BasketToken'),
  queue,
  basketReceipts,
  artifact('ISleeve'),
  artifact('ICoreSleeve'),
  artifact('IStCoreSleeve'),
  feed,
)
const governanceErrorsAbi = errors(governor, gov, guardian, timelock)
const list = (items) => items.map((item) => `\n  ${JSON.stringify(item)},`).join('')
const lines = (name, items, refusals) =>
  `export const ${name} = [${list(items)}${refusals ? `\n  ...${refusals},` : ''}\n] as const\n`
const { decision } = FUNCTIONS
const abi =
  '// Made by scripts/generate.mjs from contracts/artifacts: do not edit.\n\n' +
  `const errorsAbi = [${list(errorsAbi)}\n] as const\n` +
  `\nconst basketErrorsAbi = [${list(basketErrorsAbi)}\n] as const\n` +
  `\nconst governanceErrorsAbi = [${list(governanceErrorsAbi)}\n] as const\n` +
  [
    ['minterAbi', functions(minter, FUNCTIONS.minter), 'errorsAbi'],
    ['rewardsAbi', functions(rewards, FUNCTIONS.rewards), 'errorsAbi'],
    ['tokenAbi', functions(token, FUNCTIONS.token), 'errorsAbi'],
    ['vaultAbi', functions(vault, FUNCTIONS.vault), 'errorsAbi'],
    ['coinVaultAbi', functions(coinVault, FUNCTIONS.coinVault), 'errorsAbi'],
    ['receiptsAbi', functions(receipts, FUNCTIONS.receipts), 'errorsAbi'],
    ['basketAbi', functions(basket, FUNCTIONS.basket), 'basketErrorsAbi'],
    ['queueAbi', functions(queue, FUNCTIONS.queue), 'basketErrorsAbi'],
    ['basketReceiptsAbi', functions(basketReceipts, FUNCTIONS.basketReceipts), 'basketErrorsAbi'],
    ['govAbi', functions(gov, FUNCTIONS.gov), 'governanceErrorsAbi'],
    // What a decision calls may refuse it.
    ['governorAbi', functions(governor, FUNCTIONS.governor), 'governanceErrorsAbi,\n  ...basketErrorsAbi'],
    [
      'decisionAbi',
      [
        ...functions(basket, decision.basket),
        ...functions(guardian, decision.guardian),
        ...functions(timelock, decision.timelock),
        ...functions(governor, decision.governor),
        ...functions(gov, decision.gov),
        ...functions(feed, decision.feed),
      ],
      null,
    ],
  ]
    .map(([name, items, refusals]) => '\n' + lines(name, items, refusals))
    .join('')

const scratch = mkdtempSync(join(tmpdir(), 'omnibus-generate-'))
let api
try {
  const out = join(scratch, 'api.d.ts')
  execFileSync(
    process.execPath,
    [here('../node_modules/openapi-typescript/bin/cli.js'), here('../../crates/api/openapi.json'), '-o', out],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  api = readFileSync(out, 'utf8')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

const risks =
  '// Made by scripts/generate.mjs from docs/src/risks.md: do not edit.\n\nexport const RISKS = ' +
  `${JSON.stringify(readFileSync(here('../../docs/src/risks.md'), 'utf8'))}\n`

let stale = 0
for (const [path, text] of [
  [here('../src/generated/abi.ts'), abi],
  [here('../src/generated/api.d.ts'), api],
  [here('../src/generated/risks.ts'), risks],
]) {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (before === text) continue
  stale++
  if (check) console.error(`stale: ${path.slice(path.indexOf('src/'))} (npm run generate)`)
  else writeFileSync(path, text)
}
if (check && stale > 0) process.exit(1)
