'use strict';
// Makes Node's fetch, http and https use HTTP(S)_PROXY.
//
// Node 24 does so itself when NODE_USE_ENV_PROXY=1; this file then does nothing. Older
// ones keep fetch's dispatcher under a global symbol; its own class takes a `connect`
// function, so a tunnel can be put under it without any package.
const [major] = process.versions.node.split('.').map(Number);
const proxyText = process.env.HTTPS_PROXY || process.env.HTTP_PROXY;
if (proxyText && major < 24) install(new URL(proxyText));

function install(proxy) {
  const http = require('node:http');
  const https = require('node:https');
  const net = require('node:net');
  const tls = require('node:tls');
  const user = decodeURIComponent(proxy.username);
  const auth = user && 'Basic ' +
    Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64');
  const address = { host: proxy.hostname, port: Number(proxy.port || 80) };

  function tunnel(host, port, done) {
    const target = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
    const headers = { host: target };
    if (auth) headers['proxy-authorization'] = auth;
    const request = http.request({
      ...address, method: 'CONNECT', path: target, headers, agent: false,
      createConnection: () => net.connect(address),
    });
    request.once('connect', (answer, socket, head) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        done(new Error(`the proxy answered ${answer.statusCode} to CONNECT ${target}`));
        return;
      }
      if (head.length) socket.unshift(head);
      done(null, socket);
    });
    request.once('response', (answer) => {
      answer.resume();
      done(new Error(`the proxy answered ${answer.statusCode} to CONNECT ${target}`));
    });
    request.once('error', done);
    request.end();
  }

  function connect(options, callback) {
    let finished = false;
    const done = (error, socket) => {
      if (finished) return;
      finished = true;
      callback(error, socket);
    };
    const secure = options.protocol === 'https:' || options.secureEndpoint;
    const host = options.hostname || options.host;
    tunnel(host, options.port || (secure ? 443 : 80), (error, socket) => {
      if (error) return done(error, null);
      if (!secure) return done(null, socket);
      const upgraded = tls.connect({
        ...(options.tls || {}), socket,
        servername: options.servername || (net.isIP(host) ? undefined : host),
        ALPNProtocols: ['http/1.1'],
      });
      upgraded.once('secureConnect', () => done(null, upgraded));
      upgraded.once('error', (problem) => done(problem, null));
    });
  }

  for (const [module, secureEndpoint] of [[http, false], [https, true]]) {
    module.globalAgent.createConnection = (options, callback) => {
      connect({ ...options, tls: options, secureEndpoint }, callback);
    };
  }

  const key = Symbol.for('undici.globalDispatcher.1');
  if (typeof globalThis.fetch !== 'function') return;
  void globalThis.Headers; // makes Node load its fetch, which sets the dispatcher
  const current = globalThis[key];
  if (current) globalThis[key] = new current.constructor({ connect });
}
