import { describe, expect, test } from 'vitest';
import { proxyChoice } from './proxy.ts';

const PROXIES = { http: 'http://plain:1', https: 'http://secure:2' };

describe('a proxy', () => {
  test.each([
    { url: 'http://example.com', proxy: 'http://plain:1' },
    { url: 'https://example.com', proxy: 'http://secure:2' },
    { url: 'http://localhost:8080', proxy: undefined },
    { url: 'https://127.9.9.9', proxy: undefined },
    { url: 'https://[::1]:443', proxy: undefined },
  ])('C24: for $url is $proxy', ({ url, proxy }) => {
    expect(proxyChoice(PROXIES)(new URL(url))).toBe(proxy);
  });

  test('is none when there is none of the scheme of the target', () => {
    expect(proxyChoice({ https: 'http://s' })(new URL('http://example.com'))).toBeUndefined();
  });

  test.each([
    { entry: 'example.com', around: ['example.com', 'a.example.com', 'A.B.EXAMPLE.com'] },
    { entry: '.example.com', around: ['a.example.com'], through: ['example.com'] },
    { entry: '*.example.com', around: ['a.example.com'], through: ['example.com'] },
    { entry: 'example.com', through: ['notexample.com', 'example.com.org'] },
    { entry: 'example.com:8443', around: ['example.com:8443'], through: ['example.com'] },
    { entry: 'example.com:443', around: ['example.com'] },
    { entry: '10.0.0.0/8', around: ['10.1.2.3'], through: ['11.1.2.3', 'ten.example.com'] },
    { entry: '10.1.2.3', around: ['10.1.2.3', '10.1.2.3:8443'], through: ['10.1.2.4'] },
    { entry: '10.1.2.3:443', around: ['10.1.2.3'], through: ['10.1.2.3:8443'] },
    { entry: 'fd00::/8', around: ['[fd00::1]'], through: ['[fe00::1]'] },
    { entry: 'FD00:0:0::0001', around: ['[fd00::1]'], through: ['[fd00::2]'] },
    { entry: '127.0.0.2', through: ['10.0.0.1'] },
    { entry: '[fd00::1]:443', around: ['[fd00::1]'], through: ['[fd00::1]:8443'] },
    { entry: 'a.com, b.com', around: ['a.com', 'b.com'] },
    { entry: '*', around: ['example.com', '10.1.2.3'] },
    { entry: ' ', through: ['example.com'] },
    { entry: '10.0.0.0/99', through: ['10.1.2.3'] },
  ])('is not used around "$entry" for $around, but for $through', ({ entry, ...hosts }) => {
    const choose = proxyChoice({ ...PROXIES, noProxy: [entry] });
    for (const host of hosts.around ?? [])
      expect(choose(new URL(`https://${host}`))).toBeUndefined();
    for (const host of hosts.through ?? []) {
      expect(choose(new URL(`https://${host}`))).toBe(PROXIES.https);
    }
  });
});
