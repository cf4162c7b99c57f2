import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const decides = [
  'packages/controller/src/*/{plan,failure,desired}.ts',
  'packages/listener/src/scale.ts',
  'packages/api/src/**',
];

const noClientNode = {
  name: '@kubernetes/client-node',
  allowTypeImports: true,
  message: 'Only kube imports its values.',
};

const readsEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only config.ts and main.ts read the environment; pass what you need.',
};

export default defineConfig(
  globalIgnores(['**/dist/**', 'eslint.config.js', 'examples/**']),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [noClientNode] }],
      complexity: ['error', 10],
      eqeqeq: 'error',
      'max-depth': ['error', 3],
      'max-params': ['error', 3],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', readsEnv],
    },
  },
  {
    files: ['packages/kube/src/**'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    files: ['**/{main,config}.ts', '**/*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['packages/controller/src/*/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [noClientNode],
          patterns: [
            {
              group: ['../*/*'],
              message: 'Kinds do not import each other. Move what they share up.',
            },
          ],
        },
      ],
    },
  },
  {
    files: decides,
    ignores: ['**/*.test.ts', 'packages/api/src/generate.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Date', 'fetch', 'process', 'setTimeout', 'setInterval'],
      'no-restricted-syntax': [
        'error',
        readsEnv,
        {
          selector: ':function[async=true]',
          message: 'This file decides; it does not wait.',
        },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'This file is repeatable.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.e2e.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^(do)?mock$/i]",
          message: 'Pass a real part in; do not mock a module.',
        },
      ],
    },
  },
);
