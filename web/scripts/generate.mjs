// Makes the client's types from the API's OpenAPI document and the wallet's ABI from the contracts' artifacts.
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
const lines = (name, items) =>
  `export const ${name} = [${items.map((item) => `\n  ${JSON.stringify(item)},`).join('')}\n  ...errorsAbi,\n] as const\n`
const errorsAbi = errors(minter, token, rewards, vault, coinVault, receipts)
const abi =
  '// Made by scripts/generate.mjs from contracts/artifacts: do not edit.\n\n' +
  `const errorsAbi = [${errorsAbi.map((item) => `\n  ${JSON.stringify(item)},`).join('')}\n] as const\n` +
  [
    ['minterAbi', functions(minter, FUNCTIONS.minter)],
    ['rewardsAbi', functions(rewards, FUNCTIONS.rewards)],
    ['tokenAbi', functions(token, FUNCTIONS.token)],
    ['vaultAbi', functions(vault, FUNCTIONS.vault)],
    ['coinVaultAbi', functions(coinVault, FUNCTIONS.coinVault)],
    ['receiptsAbi', functions(receipts, FUNCTIONS.receipts)],
  ]
    .map(([name, items]) => '\n' + lines(name, items))
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

let stale = 0
for (const [path, text] of [
  [here('../src/generated/abi.ts'), abi],
  [here('../src/generated/api.d.ts'), api],
]) {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (before === text) continue
  stale++
  if (check) console.error(`stale: ${path.slice(path.indexOf('src/'))} (npm run generate)`)
  else writeFileSync(path, text)
}
if (check && stale > 0) process.exit(1)
