import { createRootRoute, createRoute, createRouter, Link } from '@tanstack/react-router'
import { Layout } from './components/layout'
import { Button, PageHead } from './components/ui'
import { DashboardPage } from './pages/dashboard'
import { ExitPage } from './pages/exit'
import { LeavePage } from './pages/leave'
import { OperatePage } from './pages/operate'
import { StakePage } from './pages/stake'
import { ValidatorsPage } from './pages/validators'

function NotFound() {
  return (
    <>
      <PageHead title="There is no such page">The address may be mistyped, or the page has moved.</PageHead>
      <Link to="/" className="text-accent underline underline-offset-2">
        Go to Stake
      </Link>
    </>
  )
}

/** What a page that cannot be drawn becomes: said plainly, with a way to go on. Leaving never depends on this page. */
function Broken({ reset }: { reset: () => void }) {
  return (
    <>
      <PageHead title="This page could not be shown">
        Something that the service answered does not make sense to this page. Nothing of yours is affected.
      </PageHead>
      <div className="flex flex-wrap items-center gap-4">
        <Button onClick={reset}>Try again</Button>
        <Link to="/leave" className="text-accent underline underline-offset-2">
          Leave without us
        </Link>
      </div>
    </>
  )
}

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound })

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/dashboard',
  component: DashboardPage,
  // Anybody's holdings are public: a link may name whose are shown.
  validateSearch: (search: Record<string, unknown>): { address?: string } =>
    typeof search.address === 'string' ? { address: search.address } : {},
})

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: StakePage }),
  createRoute({ getParentRoute: () => root, path: '/exit', component: ExitPage }),
  dashboard,
  createRoute({ getParentRoute: () => root, path: '/validators', component: ValidatorsPage }),
  createRoute({ getParentRoute: () => root, path: '/operate', component: OperatePage }),
  createRoute({ getParentRoute: () => root, path: '/leave', component: LeavePage }),
])

export const router = createRouter({ routeTree: tree, defaultPreload: false, defaultErrorComponent: Broken })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
