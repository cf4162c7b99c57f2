import { expect, test } from 'vitest';
import { proxyFor } from './proxy.ts';

const HTTPS_PROXY = 'http://proxy.example:3128';

test.each([
  { server: 'https://10.96.0.1:443', env: { HTTPS_PROXY }, is: HTTPS_PROXY },
  { server: 'https://10.96.0.1:443', env: { https_proxy: 'proxy:1' }, is: 'http://proxy:1' },
  { server: 'https://10.96.0.1:443', env: { HTTP_PROXY: HTTPS_PROXY }, is: undefined },
  { server: 'http://10.96.0.1', env: { HTTP_PROXY: HTTPS_PROXY }, is: HTTPS_PROXY },
  { server: 'https://10.96.0.1', env: {}, is: undefined },
  { server: 'https://localhost:6443', env: { HTTPS_PROXY }, is: undefined },
  { server: 'https://127.0.0.2:6443', env: { HTTPS_PROXY }, is: undefined },
  { server: 'https://[::1]:6443', env: { HTTPS_PROXY }, is: undefined },
  { server: 'https://10.96.0.1', env: { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, is: undefined },
  { server: 'https://11.96.0.1', env: { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, is: HTTPS_PROXY },
  { server: 'https://10.96.0.1', env: { HTTPS_PROXY, NO_PROXY: '10.96.0.1' }, is: undefined },
  { server: 'https://10.96.0.1', env: { HTTPS_PROXY, NO_PROXY: '10.0.0.0/99' }, is: HTTPS_PROXY },
  { server: 'https://[fd00::1]', env: { HTTPS_PROXY, NO_PROXY: 'fd00::/8' }, is: undefined },
  { server: 'https://[fd00::1]', env: { HTTPS_PROXY, NO_PROXY: '[fd00::1]:443' }, is: undefined },
  { server: 'https://k8s.a.test', env: { HTTPS_PROXY, NO_PROXY: 'b.test, a.test' }, is: undefined },
  { server: 'https://a.test', env: { HTTPS_PROXY, NO_PROXY: 'a.test' }, is: undefined },
  { server: 'https://a.test', env: { HTTPS_PROXY, NO_PROXY: '.a.test' }, is: HTTPS_PROXY },
  { server: 'https://ba.test', env: { HTTPS_PROXY, NO_PROXY: 'a.test' }, is: HTTPS_PROXY },
  { server: 'https://a.test:6443', env: { HTTPS_PROXY, NO_PROXY: 'a.test:6443' }, is: undefined },
  { server: 'https://a.test', env: { HTTPS_PROXY, NO_PROXY: 'a.test:6443' }, is: HTTPS_PROXY },
  { server: 'https://a.test', env: { HTTPS_PROXY, no_proxy: '*' }, is: undefined },
])('$server with $env goes through $is', ({ server, env, is }) => {
  expect(proxyFor(server, env)).toBe(is);
});
