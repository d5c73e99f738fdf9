import { createRootRoute, createRoute, createRouter, Link, Navigate } from '@tanstack/react-router'
import { lazy, Suspense, type ComponentType } from 'react'
import { useAppConfig } from './chain/app-config'
import { Layout } from './components/layout'
import { Button, PageHead, Skeleton } from './components/ui'
import { DashboardPage } from './pages/dashboard'
import { ExitPage } from './pages/exit'
import { LeavePage } from './pages/leave'
import { OperatePage } from './pages/operate'
import { StakePage } from './pages/stake'
import { ValidatorsPage } from './pages/validators'

// Apart from the rest: not every deployment has them, and not every visit needs them.
const BasketPage = lazy(async () => ({ default: (await import('./pages/basket')).BasketPage }))
const GovernPage = lazy(async () => ({ default: (await import('./pages/govern')).GovernPage }))
const RisksPage = lazy(async () => ({ default: (await import('./pages/risks')).RisksPage }))

function NotFound() {
  return (
    <>
      <PageHead title="There is no such page">The address may be mistyped, or the page has moved.</PageHead>
      <Link to="/" className="text-accent underline underline-offset-2">
        Go to the first page
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

/** A page of one side of the deployment; where that is missing, so is the page. */
function only(side: 'liquid' | 'basket', Page: ComponentType) {
  return function OnlyWhereItIs() {
    return useAppConfig()[side] === null ? (
      <NotFound />
    ) : (
      <Suspense fallback={<Skeleton rows={6} />}>
        <Page />
      </Suspense>
    )
  }
}

/** The first page: of the liquid side where there is one. */
function First() {
  return useAppConfig().liquid ? <StakePage /> : <Navigate to="/basket" replace />
}

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: First }),
  createRoute({ getParentRoute: () => root, path: '/exit', component: only('liquid', ExitPage) }),
  createRoute({ getParentRoute: () => root, path: '/basket', component: only('basket', BasketPage) }),
  dashboard,
  createRoute({ getParentRoute: () => root, path: '/validators', component: only('liquid', ValidatorsPage) }),
  createRoute({ getParentRoute: () => root, path: '/govern', component: only('basket', GovernPage) }),
  createRoute({ getParentRoute: () => root, path: '/operate', component: OperatePage }),
  createRoute({ getParentRoute: () => root, path: '/leave', component: LeavePage }),
  createRoute({
    getParentRoute: () => root,
    path: '/risks',
    component: () => (
      <Suspense fallback={<Skeleton rows={6} />}>
        <RisksPage />
      </Suspense>
    ),
  }),
])

export const router = createRouter({ routeTree: tree, defaultPreload: false, defaultErrorComponent: Broken })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
