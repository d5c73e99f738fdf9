import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useMemo } from 'react'
import { createRoot } from 'react-dom/client'
import { useConnection, WagmiProvider } from 'wagmi'
import { ApiError } from './api/client'
import { LiveProvider } from './api/live-provider'
import { configQuery } from './api/queries'
import type { Config } from './api/types'
import { appConfig, ConfigContext } from './chain/app-config'
import { walletConfig } from './chain/wagmi'
import { Shell } from './components/layout'
import { Failure, Skeleton } from './components/ui'
import { router } from './router'
import './styles/app.css'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (failures, error) =>
        failures < 2 &&
        !(error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429),
    },
  },
})

function Connected() {
  const { address } = useConnection()
  return (
    <LiveProvider account={address}>
      <RouterProvider router={router} />
    </LiveProvider>
  )
}

function App({ config }: { config: Config }) {
  const wagmi = useMemo(() => walletConfig(config), [config])
  const app = useMemo(() => appConfig(config), [config])
  return (
    <ConfigContext value={app}>
      <WagmiProvider config={wagmi} reconnectOnMount>
        <Connected />
      </WagmiProvider>
    </ConfigContext>
  )
}

/** Everything needs the deployment's addresses, so they come first; without them there is one page, and it retries. */
function Boot() {
  const config = useQuery({ ...configQuery, refetchInterval: (query) => (query.state.data ? false : 4_000) })
  if (config.data) return <App config={config.data} />
  return (
    <Shell nav={false}>
      <main id="content" className="mx-auto w-full max-w-xl flex-1 px-4 py-16">
        <h1 className="mb-4 text-2xl font-semibold">{config.error ? 'Waiting for the service' : 'Loading'}</h1>
        {config.error ? <Failure error={config.error} retry={() => config.refetch()} /> : <Skeleton />}
      </main>
    </Shell>
  )
}

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Boot />
      </QueryClientProvider>
    </StrictMode>,
  )
}
