import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './client'
import type {
  Account,
  Alert,
  BasketAccount,
  BasketAuctions,
  BasketDepositQuote,
  BasketEpoch,
  BasketExitQuote,
  BasketHistory,
  BasketMintQuote,
  BasketPrices,
  BasketReceipt,
  BasketSleeves,
  BasketSummary,
  Config,
  Converter,
  Delegate,
  DepositQuote,
  ExitPools,
  ExitQuote,
  ExitRequest,
  Governance,
  GovernanceAccount,
  Halt,
  HistoryItem,
  Job,
  JournalItem,
  Overview,
  Page,
  Payouts,
  PoolQuote,
  Proposal,
  Reserve,
  ReserveMove,
  Rung,
  Scheduled,
  Status,
  Timelock,
  Validator,
  Vault,
  VaultPosition,
  VaultRequest,
} from './types'

/**
 * Every query's key begins with the WebSocket topic that makes it stale, so that a change on a topic refetches just that.
 * The slow interval is what keeps a page true when the socket is down.
 */
const SLOW = 30_000

function pages<T>(key: readonly unknown[], path: string, params: Record<string, string | number | undefined> = {}) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => call<Page<T>>(path, { params: { ...params, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: SLOW,
  })
}

export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: ({ signal }) => call<Config>('/config', { signal }),
  staleTime: Infinity,
})

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => call<Status>('/status', { signal }),
  refetchInterval: 5_000,
})

export const overviewQuery = queryOptions({
  queryKey: ['metrics', 'overview'],
  queryFn: ({ signal }) => call<Overview>('/monitoring/overview', { signal }),
  refetchInterval: SLOW,
})

export const rungsQuery = pages<Rung>(['queue', 'rungs'], '/monitoring/rungs', { limit: 12 })

export const validatorsQuery = queryOptions({
  queryKey: ['validators'],
  queryFn: ({ signal }) => call<Validator[]>('/validators', { signal }),
  refetchInterval: SLOW,
})

export const accountQuery = (address: string) =>
  queryOptions({
    queryKey: ['account', address.toLowerCase(), 'summary'],
    queryFn: ({ signal }) => call<Account>(`/accounts/${address}`, { signal }),
    refetchInterval: SLOW,
  })

export const requestsQuery = (address: string) =>
  pages<ExitRequest>(['account', address.toLowerCase(), 'requests'], `/accounts/${address}/requests`)

export const historyQuery = (address: string) =>
  pages<HistoryItem>(['account', address.toLowerCase(), 'history'], `/accounts/${address}/history`, { limit: 20 })

export const exitQuoteQuery = (amount: bigint) =>
  queryOptions({
    queryKey: ['metrics', 'quote', 'exit', amount.toString()],
    queryFn: ({ signal }) => call<ExitQuote>('/quote/exit', { params: { amount: amount.toString() }, signal }),
    enabled: amount > 0n,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  })

export const depositQuoteQuery = (amount: bigint) =>
  queryOptions({
    queryKey: ['metrics', 'quote', 'deposit', amount.toString()],
    queryFn: ({ signal }) => call<DepositQuote>('/quote/deposit', { params: { amount: amount.toString() }, signal }),
    enabled: amount > 0n,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  })

export const poolQuoteQuery = (amount: bigint, enabled: boolean) =>
  queryOptions({
    queryKey: ['metrics', 'quote', 'pool', amount.toString()],
    queryFn: ({ signal }) => call<PoolQuote>('/quote/pool', { params: { amount: amount.toString() }, signal }),
    enabled: enabled && amount > 0n,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  })

/** One answer under `/api/v1` that the topic `metrics` makes stale. */
const figure = <T>(path: string) =>
  queryOptions({
    queryKey: ['metrics', path],
    queryFn: ({ signal }) => call<T>(path, { signal }),
    refetchInterval: SLOW,
  })

export const vaultQuery = figure<Vault>('/vault')
export const poolsQuery = figure<ExitPools>('/pools')
export const reserveQuery = figure<Reserve>('/reserve')
export const converterQuery = figure<Converter>('/converter')
export const haltQuery = figure<Halt>('/halt')
export const reserveMovesQuery = pages<ReserveMove>(['metrics', 'reserve', 'moves'], '/reserve/history', { limit: 5 })
export const scheduledQuery = pages<Scheduled>(['metrics', 'scheduled'], '/scheduled', { limit: 5 })
export const delegatesQuery = pages<Delegate>(['metrics', 'delegates'], '/delegates', { limit: 5 })

/** One answer about an account that the account's own topic makes stale. */
const ofAccount = <T>(address: string, what: string) =>
  queryOptions({
    queryKey: ['account', address.toLowerCase(), what],
    queryFn: ({ signal }) => call<T>(`/accounts/${address}/${what}`, { signal }),
    refetchInterval: SLOW,
  })

export const vaultPositionQuery = (address: string) => ofAccount<VaultPosition>(address, 'vault')
export const payoutsQuery = (address: string) => ofAccount<Payouts>(address, 'payouts')
export const vaultRequestsQuery = (address: string) =>
  pages<VaultRequest>(['account', address.toLowerCase(), 'vault-requests'], `/accounts/${address}/vault/requests`)

/** One answer about the basket that `nav`, `sleeves` and `prices` make stale. */
const ofBasket = <T>(what: string) =>
  queryOptions({
    queryKey: ['basket', what],
    queryFn: ({ signal }) => call<T>(`/basket${what}`, { signal }),
    refetchInterval: SLOW,
  })

export const basketQuery = ofBasket<BasketSummary>('')
export const sleevesQuery = ofBasket<BasketSleeves>('/sleeves')
export const pricesQuery = ofBasket<BasketPrices>('/prices')
export const auctionsQuery = ofBasket<BasketAuctions>('/auctions')

/** A quote of the basket for what is typed; the last one stays while the next is on its way. */
const basketQuote = <T>(what: string, params: Record<string, string | number>, enabled: boolean) =>
  queryOptions({
    queryKey: ['basket', 'quote', what, params],
    queryFn: ({ signal }) => call<T>(`/basket/quote-${what}`, { params, signal }),
    enabled,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  })

export const basketExitQuery = (shares: bigint) =>
  basketQuote<BasketExitQuote>('exit', { shares: shares.toString() }, shares > 0n)
export const basketDepositQuery = (sleeve: number, units: bigint) =>
  basketQuote<BasketDepositQuote>('deposit', { sleeve, units: units.toString() }, units > 0n)
export const basketMintQuery = (shares: bigint) =>
  basketQuote<BasketMintQuote>('mint', { shares: shares.toString() }, shares > 0n)

/** Samples in a picture of the past. */
const SAMPLES = 60

/** Samples and yields of `days` up to `now`: they change by their own step, not with a block, so no topic makes them stale. */
export const basketHistoryQuery = (days: number, now: number) => {
  const step = (days * 86_400) / SAMPLES
  const from = Math.max(0, (Math.floor(now / step) - SAMPLES) * step)
  return queryOptions({
    queryKey: ['basket-history', from, step],
    queryFn: ({ signal }) => call<BasketHistory>('/basket/history', { params: { from, step }, signal }),
    refetchInterval: 4 * SLOW,
    placeholderData: keepPreviousData,
  })
}

export const epochsQuery = pages<BasketEpoch>(['epochs', 'list'], '/basket/epochs', { limit: 6 })

export const epochQuery = (id: number) =>
  queryOptions({
    queryKey: ['epochs', id],
    queryFn: ({ signal }) => call<BasketEpoch>(`/basket/epochs/${id}`, { signal }),
    refetchInterval: SLOW,
  })

/** What an account has in the basket. Its positions are paged, the rest is the same on every page. */
export const basketAccountQuery = (address: string) =>
  infiniteQueryOptions({
    queryKey: ['account', address.toLowerCase(), 'basket'],
    queryFn: ({ pageParam, signal }) =>
      call<BasketAccount>(`/basket/accounts/${address}`, { params: { cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.positions.nextCursor,
    refetchInterval: SLOW,
  })

/** Positions that an account holds by receipts, its own or bought. */
export const basketReceiptsQuery = (address: string) =>
  pages<BasketReceipt>(['account', address.toLowerCase(), 'basket-receipts'], `/basket/accounts/${address}/receipts`)

export const governanceQuery = queryOptions({
  queryKey: ['governance', 'rules'],
  queryFn: ({ signal }) => call<Governance>('/governance', { signal }),
  refetchInterval: SLOW,
})

export const proposalsQuery = pages<Proposal>(['governance', 'proposals'], '/governance/proposals', { limit: 6 })

export const timelockQuery = queryOptions({
  queryKey: ['governance', 'timelock'],
  queryFn: ({ signal }) => call<Timelock>('/governance/timelock', { signal }),
  refetchInterval: SLOW,
})

export const governanceAccountQuery = (address: string) =>
  queryOptions({
    queryKey: ['account', address.toLowerCase(), 'governance'],
    queryFn: ({ signal }) => call<GovernanceAccount>(`/governance/accounts/${address}`, { signal }),
    refetchInterval: SLOW,
  })

export const jobsQuery = queryOptions({
  queryKey: ['jobs', 'list'],
  queryFn: ({ signal }) => call<Job[]>('/automation/jobs', { signal }),
  refetchInterval: SLOW,
})

export const journalQuery = pages<JournalItem>(['jobs', 'journal'], '/automation/journal', { limit: 10 })

export const alertsQuery = (state: string) =>
  pages<Alert>(['alerts', state], '/alerts', { state: state || undefined, limit: 8 })

export const acknowledgeAlert = (id: number) => call<Alert>(`/alerts/${id}/acknowledge`, { body: {} })

/** Asks the keeper to consider a job for all its targets. It may still decide that there is nothing to do. */
export const sendIntent = (job: string) => call<unknown>('/automation/intents', { body: { job, target: 'all' } })
