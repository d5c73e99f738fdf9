/* Temporary: replaced by the generated ones. */

import type { components } from '../generated/api'
import type { Page } from './types'

type Schemas = components['schemas']

export type PriceState = 'sound' | 'doubtful' | 'impaired'

export type Usd = {
  nav: string | null
  assets: string | null
  source: string | null
  updatedAt: number | null
  reason: string | null
}

export type Nav = {
  low: string
  high: string | null
  state: PriceState
}

export type BasketFees = {
  entryBps: number
  instantBps: number
  managementBps: number
  performanceBps: number
}

export type PausePart = 'mint' | 'instant' | 'auction'

export type BasketPause = {
  part: PausePart
  paused: boolean
  until: number | null
  allowedFrom: number
}

export type OpenEpoch = {
  id: number
  shares: string
  closesAt: number
  due: boolean
  takesRequests: boolean
  takesCancels: boolean
  requestsUntil: number
}

export type AuctionBudget = {
  spent: number
  capacity: number
}

export type BasketSummary = {
  address: string
  token: string
  queue: string
  receipts: string
  feed: string | null
  feeRecipient: string
  symbol: string | null
  nav: Nav
  shares: string
  assetsLow: string
  assetsHigh: string | null
  holders: number
  epoch: OpenEpoch
  maxInstant: string
  fees: BasketFees
  floor: string
  buffer: string
  shareCap: string
  driftBps: number
  longestExit: number
  pauses: BasketPause[]
  budget: AuctionBudget
  usd: Usd
  at: number
  block: number
}

export type SleeveKind = 'core' | 'stCore' | 'token'

export type CoreValidator = {
  address: string
  stake: string
  weightBps: number
  jailed: boolean
  elected: boolean
  takesStake: boolean
}

export type CoreDetail = {
  delegated: string
  idle: string
  round: number
  tenant: string | null
  validators: CoreValidator[]
}

export type SleeveTicket = {
  ticket: string
  epoch: number
  units: string
  account: string | null
  dueAt: number | null
}

export type StCoreDetail = {
  earn: string
  termsHold: boolean
  fee: number | null
  mostFee: number
  lockDays: number | null
  operatorRound: number | null
  roundsLate: number
  freeAccounts: number
  tickets: SleeveTicket[]
}

export type BasketSleeve = {
  id: number
  address: string
  kind: SleeveKind
  token: string
  epochToken: string
  symbol: string | null
  decimals: number | null
  units: string
  parts: string
  basketParts: string
  ownUnits: string
  owed: string
  locked: string
  feeUnits: string
  held: string | null
  instantCapacity: string | null
  rate: string | null
  harvestedRound: number
  harvestedToday: boolean
  cap: string
  dailyLimit: string
  dailyUsed: string
  targetBps: number
  bandBps: number
  weightBps: number | null
  priceLow: string
  priceHigh: string | null
  priceState: PriceState
  worthLow: string
  worthHigh: string | null
  retired: boolean
  slow: boolean
  mostExit: number
  exitTime: number | null
  openTickets: number
  core: CoreDetail | null
  stCore: StCoreDetail | null
}

export type BasketSleeves = {
  sleeves: BasketSleeve[]
  at: number
  block: number
}

export type Closed =
  | 'paused'
  | 'price'
  | 'noCoins'
  | 'idle'
  | 'tooSmall'
  | 'cap'
  | 'dailyLimit'
  | 'band'
  | 'shareCap'
  | 'notSeeded'
  | 'sleeveShut'

export type QuoteLeg = {
  sleeve: number
  asset: string
  symbol: string | null
  decimals: number | null
  units: string
  forgone: string
}

export type InstantWay = {
  available: boolean
  closed: Closed | null
  coins: string
  feeCoins: string
  feeBps: number
  most: string
  readyAt: number
}

export type InKindWay = {
  legs: QuoteLeg[]
  feeBps: number
  readyAt: number
}

export type EpochWay = {
  position: number
  takesRequests: boolean
  requestsFrom: number
  legs: QuoteLeg[]
  feeBps: number
  closesAt: number
  readyBy: number
}

export type BasketExitQuote = {
  shares: string
  worthLow: string
  worthHigh: string | null
  state: PriceState
  instant: InstantWay
  inKind: InKindWay
  epoch: EpochWay
  at: number
  block: number
}

export type BasketDepositQuote = {
  sleeve: number
  asset: string
  units: string
  shares: string
  feeBps: number
  available: boolean
  closed: Closed | null
  room: string
  state: PriceState
  block: number
}

export type BasketMintQuote = {
  priced: string
  shares: string
  feeBps: number
  legs: QuoteLeg[]
  available: boolean
  closed: Closed | null
  block: number
}

export type EpochState = 'open' | 'due' | 'closed' | 'settled'

export type LegState = 'waiting' | 'out' | 'done'

export type EpochLeg = {
  sleeve: number
  state: LegState
  asset: string | null
  parts: string
  units: string
  recovered: string
  ticket: SleeveTicket | null
}

export type BasketEpoch = {
  id: number
  state: EpochState
  shares: string
  requests: number
  dueAt: number | null
  closedAt: number | null
  readyBy: number | null
  legs: EpochLeg[]
}

export type PositionLeg = {
  sleeve: number
  state: LegState
  asset: string | null
  claimable: string
  paid: boolean
}

export type PositionState = 'open' | 'waiting' | 'claimable' | 'claimed' | 'cancelled'

export type BasketPosition = {
  epoch: number
  state: PositionState
  shares: string
  cancellable: boolean
  readyBy: number | null
  legs: PositionLeg[]
  paid: string[]
  requestedAt: number
  txHash: string
}

export type BasketReceipt = {
  id: string
  owner: string
  receiptState: Schemas['ReceiptState']
  state: PositionState
  epoch: number
  shares: string
  readyBy: number | null
  legs: PositionLeg[]
  paid: string[]
  next: string | null
  mintedAt: number
  txHash: string
}

export type WaitingLeg = {
  sleeve: number
  asset: string
  parts: string
  units: string
  recipient: string
  since: number | null
}

export type BasketAccount = {
  address: string
  shares: string
  worthLow: string
  worthHigh: string | null
  state: PriceState
  waiting: WaitingLeg[]
  sharesIn: string
  sharesOut: string
  positions: Page<BasketPosition>
  at: number
  block: number
}

export type BasketMoveKind =
  | 'deposit'
  | 'mintInKind'
  | 'instantExit'
  | 'inKindExit'
  | 'legDelivered'
  | 'request'
  | 'cancel'
  | 'claim'
  | 'transferIn'
  | 'transferOut'
  | 'wrap'
  | 'unwrap'
  | 'receiptIn'
  | 'receiptOut'

export type BasketMove = {
  kind: BasketMoveKind
  shares: string
  coins: string
  fee: string
  sleeve: number | null
  epoch: number | null
  units: string[]
  counterparty: string | null
  at: number
  block: number
  txHash: string
}

export type SleeveSample = {
  sleeve: number
  weightBps: number | null
  units: string | null
}

export type NavSample = {
  at: number
  navLow: string
  navHigh: string | null
  state: PriceState | null
  shares: string | null
  sleeves: SleeveSample[]
}

export type SleeveYield = {
  sleeve: number
  gained: string
  lost: string
  harvests: number
  harvestBps: number | null
  rateBps: number | null
}

export type BasketHistory = {
  from: number
  to: number
  step: number
  samples: NavSample[]
  yields: SleeveYield[]
  navGrowthBps: number | null
}

export type SourceRole = 'fair' | 'market'

export type PriceSource = {
  role: SourceRole
  address: string
  origin: string | null
  origin2: string | null
  price: string | null
  updatedAt: number | null
  age: number | null
  sound: boolean
  isRate: boolean
  errorBps: number | null
}

export type PriceGuard = {
  address: string
  mean: string | null
  sound: boolean
}

export type PriceMemory = {
  observedAt: number | null
  inBandAt: number | null
  impairedAt: number | null
  insideSince: number | null
  rate: string | null
}

export type AssetPrice = {
  asset: string
  symbol: string | null
  decimals: number | null
  sleeves: number[]
  listed: boolean
  low: string
  high: string | null
  state: PriceState
  spreadBps: number
  disagreeBps: number
  gapBps: number | null
  sources: PriceSource[]
  guard: PriceGuard | null
  memory: PriceMemory | null
}

export type BasketPrices = {
  feed: string | null
  prices: AssetPrice[]
  state: PriceState
  usd: Usd
  at: number
  block: number
}

export type DriftReading = {
  over: number[]
  under: number[]
  at: number
}

export type RunningAuction = {
  id: number
  from: number
  to: number
  left: string
  price: string | null
  startedAt: number
  endsAt: number
}

export type BasketAuction = {
  id: number
  from: number
  to: number
  units: string
  sold: string
  paid: string
  loss: string
  bids: number
  startedAt: number
  endedAt: number | null
  txHash: string
}

export type BasketAuctions = {
  running: RunningAuction | null
  paused: boolean
  driftBps: number
  readings: DriftReading[]
  budget: AuctionBudget
  auctions: Page<BasketAuction>
  at: number
  block: number
}

export type Mandate = {
  address: string
  holder: string | null
  until: number | null
  acting: boolean
  pauses: MandatePause[]
}

export type MandatePause = {
  part: PausePart
  from: number
}

export type Governance = {
  governor: string
  timelock: string
  gov: string
  symbol: string | null
  supply: string
  undistributed: string
  proposalThreshold: string
  quorum: string
  quorumFloor: string
  votingDelay: number
  votingPeriod: number
  lateQuorumExtension: number
  timelockDelay: number
  longestExit: number
  guardian: Mandate
  at: number
  block: number
}

export type ProposalState =
  'pending' | 'active' | 'canceled' | 'defeated' | 'succeeded' | 'queued' | 'expired' | 'executed'

export type GovernanceCall = {
  target: string
  contract: string | null
  value: string
  data: string
  function: string | null
}

export type Tally = {
  forVotes: string
  againstVotes: string
  abstainVotes: string
}

export type Proposal = {
  id: string
  proposer: string
  state: ProposalState
  description: string
  calls: GovernanceCall[]
  voteStart: number
  voteEnd: number
  extended: boolean
  votes: Tally
  quorum: string | null
  quorumReached: boolean | null
  eta: number | null
  operation: string | null
  voters: number
  onlyRemovesGuardian: boolean
  createdAt: number
  block: number
  txHash: string
}

export type Support = 'against' | 'for' | 'abstain'

export type Vote = {
  proposal: string
  voter: string
  support: Support
  weight: string
  reason: string
  at: number
  block: number
  txHash: string
}

export type ProposalDetail = {
  proposal: Proposal
  votes: Page<Vote>
  at: number
  block: number
}

export type GovernanceAccount = {
  address: string
  balance: string
  votes: string
  delegate: string | null
  canPropose: boolean
  cast: Page<Vote>
  at: number
  block: number
}

export type OperationState = 'waiting' | 'ready' | 'done' | 'canceled'

export type Operation = {
  id: string
  state: OperationState
  calls: GovernanceCall[]
  proposal: string | null
  predecessor: string | null
  scheduledAt: number
  readyAt: number | null
  block: number
  txHash: string
}

export type Timelock = {
  address: string
  delay: number
  longestExit: number
  baskets: string[]
  operations: Page<Operation>
  at: number
  block: number
}
