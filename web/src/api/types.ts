/** What the API answers. Amounts are decimal strings of wei, rates are scaled by 10^27, times are unix seconds. */

export type Page<T> = { items: T[]; nextCursor: string | null }

export type Config = {
  name: string
  chainId: number
  chainName: string
  rpcUrl: string
  explorerUrl: string | null
  nativeSymbol: string
  lstSymbol: string
  decimals: number
  contracts: { minter: string; token: string; rewards: string; factory: string; staking: string }
  deploymentBlock: number
  accelerated: boolean
  clockFactor: number
  features: { vault: boolean; amm: boolean; receipts: boolean; asyncExit: boolean; insurance: boolean }
}

export type Status = {
  chainHead: { number: number; hash: string; timestamp: number }
  indexed: { number: number; timestamp: number }
  lagBlocks: number
  holesFound: number
  holesLeft: number
  keeper: { mode: string; lastRunAt: number | null; leader: boolean | null }
  seq: number
}

export type Overview = {
  tvl: string
  supply: string
  rate: string
  buffer: string
  reserved: string
  headroom: string
  bufferTarget: string
  committed: string
  due: string
  instantLiquidity: string
  active: string
  cooling: string
  totalQueued: string
  openLst: string
  stagedLst: string
  openUnits: string
  rungCount: number
  openRungId: number | null
  openRungAt: number | null
  nextCloseAt: number | null
  minInstantFeeBps: number
  maxInstantFeeBps: number
  currentInstantFeeBps: number
  standardFeeBps: number
  withholdBps: number
  instantPaused: boolean
  pausedUntil: number | null
  depositors: number
  at: number
  block: number
  depositsPaused?: boolean
  minStake?: string
  cooldownSeconds?: number
  rewardFeeBps?: number
}

export type RungState = 'open' | 'closed' | 'partial' | 'funded'
export type Rung = {
  id: number
  lst: string
  count: number
  closedAt: number | null
  feeBps: number
  unitsStart: string | null
  unitsEnd: string | null
  state: RungState
  fundedBps: number
  promisedAt: number | null
  revised: boolean
}

export type BucketState = 'available' | 'cooling' | 'matured' | 'retired'
export type Bucket = {
  index: number
  address: string
  active: string
  cooling: string
  nextAvailableTime: number
  state: BucketState
}

export type Validator = {
  id: number
  name: string | null
  active: boolean
  slashed: boolean
  slashVotes: number
  weightBps: number
  totalStaked: string
  ourStake: string
  capacity: string | null
  percentageHeadroom: string | null
  commissionBps: number
  score: number | null
  buckets: Bucket[]
  nextDepartureAt: number | null
  queued: string
}

export type Account = {
  address: string
  lstBalance: string
  lstValue: string
  claimableRewards: string
  deposited: string
  claimedRewards: string
  requests: number
}

export type RequestState = 'open' | 'waiting' | 'partial' | 'ready' | 'claimed' | 'cancelled'
export type ExitRequest = {
  id: string
  rung: number
  seq: number
  position: string
  lst: string
  value: string
  feeBps: number
  paid: string
  claimable: string
  state: RequestState
  promisedAt: number | null
  etaIfClosed?: number | null
  revised: boolean
  requestedAt: number
  txHash: string | null
  hints: [number, number] | null
}

export type HistoryKind =
  'deposit' | 'instantExit' | 'request' | 'cancel' | 'claim' | 'rewards' | 'transferIn' | 'transferOut'
export type HistoryItem = {
  kind: HistoryKind
  amount: string
  lst: string
  at: number
  block: number
  txHash: string
  counterparty: string | null
}

export type ExitQuote = {
  instantNow: { lst: string; pay: string; feeBps: number; maxLst?: string }
  amm: { enabled: boolean }
  queue: { lst: string; value: string; feeBps: number; eta: number | null; etaIfMissed: number | null }
}

export type DepositQuote = { lst: string; rate: string }

export type Job = {
  job: string
  mode: string
  lastRunAt: number | null
  lastDecision: string | null
  lastReason: string | null
  lastTxHash: string | null
  nextDueAt: number | null
}

export type JournalItem = {
  workId: string
  job: string
  target: string
  state: string
  txHash: string | null
  nonce: number | null
  gasUsed: string | number | null
  createdAt: number
  updatedAt: number
}

export type AlertState = 'open' | 'acknowledged' | 'resolved'
export type Alert = {
  id: string | number
  rule: string
  severity: 'info' | 'warning' | 'critical'
  state: AlertState
  title: string
  detail: string
  openedAt: number
  resolvedAt: number | null
}

export type MetricPoint = { at: number; value: string }
