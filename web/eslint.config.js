import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist', 'src/generated', 'e2e/out'] },
  ...tseslint.configs.strict,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat.recommended,
  {
    rules: {
      // Amounts are bigint from end to end: nothing may turn them into a float on the way.
      'no-restricted-globals': ['error', { name: 'parseFloat', message: 'Amounts are bigint wei: use lib/amount.' }],
      'no-restricted-properties': [
        'error',
        { object: 'Number', property: 'parseFloat', message: 'Amounts are bigint wei: use lib/amount.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'On-chain strings are hostile.' },
      ],
      eqeqeq: 'error',
    },
  },
)
