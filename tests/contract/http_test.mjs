// The contract's HTTP requests, right and wrong ones.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Client } from "../support/clients.mjs";
import { Forge } from "../support/forge.mjs";

let forge;
before(async () => (forge = await Forge.start()));
after(() => forge.stop());

const registered = (username) => ({ message: `User ${username} registered successfully.` });

describe("the contract's table", () => {
  it("GET / is the page", async () => {
    const page = await forge.request("GET", "/");
    assert.equal(page.status, 200);
    assert.match(page.headers["content-type"], /^text\/html/);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.text)[1];
    assert.equal((await forge.request("GET", script)).status, 200);
  });

  it("an account is registered, once", async () => {
    const fields = { username: "alice", email: "alice@example.org" };
    for (let time = 0; time < 2; time += 1) {
      const answer = await forge.post("/register", fields);
      assert.deepEqual([answer.status, answer.json], [200, registered("alice")]);
    }
    const again = await forge.post("/register", { ...fields, username: "other", password: "not to be taken" });
    assert.deepEqual([again.status, again.json], [200, registered("other")]);
    const login = await forge.post("/login", { email: fields.email });
    assert.deepEqual([login.status, login.json], [200, { container_id: "alice" }]);
  });

  it("an unknown e-mail is not found", async () => {
    const answer = await forge.post("/login", { email: "nobody@example.org" });
    assert.deepEqual([answer.status, answer.json], [404, { error: "User not found" }]);
  });

  it("e-mails are compared as stored", async () => {
    await forge.post("/register", { username: "case", email: "Case@example.org" });
    assert.equal((await forge.post("/login", { email: "case@example.org" })).status, 404);
  });

  it("a password, once set, is needed", async () => {
    const email = "secret@example.org";
    await forge.post("/register", { username: "secret", email, password: "correct horse" });
    assert.equal((await forge.post("/login", { email, password: "correct horse" })).status, 200);
    for (const wrong of [{}, { password: "wrong horse" }, { password: "" }]) {
      const answer = await forge.post("/login", { email, ...wrong });
      assert.equal(answer.status, 401);
      assert.equal(typeof answer.json.error, "string");
    }
    await forge.post("/register", { username: "secret", email, password: "another one" });
    assert.equal((await forge.post("/login", { email, password: "another one" })).status, 401);
  });

  it("a login is a cookie that scripts and other sites cannot use, until one logs out", async () => {
    await forge.post("/register", { username: "cookie", email: "cookie@example.org" });
    const login = await forge.post("/login", { email: "cookie@example.org" });
    const [header] = login.headers["set-cookie"];
    assert.match(header, /HttpOnly/i);
    assert.match(header, /SameSite=Lax/i);
    const cookie = header.split(";")[0];
    const who = await forge.request("GET", "/api/v1/account", { headers: { Cookie: cookie } });
    assert.equal(who.json.container_id, "cookie");
    assert.equal((await forge.post("/logout", {}, { Cookie: cookie })).status, 200);
    assert.equal((await forge.request("GET", "/api/v1/account", { headers: { Cookie: cookie } })).status, 401);
  });
});

describe("container_id", () => {
  it("is the user name as a Kubernetes name", async () => {
    const account = await forge.account("-Ada.Lovelace_1815-");
    assert.equal(account.id, "ada-lovelace-1815");
  });

  it("is never shared by two names that come out alike", async () => {
    const first = await forge.account("a.b");
    const second = await forge.account("a-b");
    assert.equal(first.id, "a-b");
    assert.notEqual(second.id, first.id);
    const client = await Client.connected(forge.url);
    assert.equal(await client.run("open('mine', 'w').write('1')", first.id), "");
    assert.equal(await client.run("import os; print(os.path.exists('mine'))", second.id), "False\n");
    assert.equal(await client.run("import os; print(os.path.exists('mine'))", first.id), "True\n");
    client.close();
  });

  for (const name of ["***", "😀😀", "../../etc", "a".repeat(64), "Ω", ".", "-", "<script>", "a b\u00a0c", "'; drop table users; --"]) {
    it(`is a valid one for the name ${JSON.stringify(name.slice(0, 24))}`, async () => {
      const email = `${encodeURIComponent(name)}@example.org`;
      const answer = await forge.post("/register", { username: name, email });
      assert.deepEqual([answer.status, answer.json], [200, registered(name)]);
      const { id } = await forge.login(email);
      assert.match(id, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      const client = await Client.connected(forge.url);
      assert.equal(await client.run("print('runs')", id), "runs\n");
      client.close();
    });
  }
});

describe("bad requests", () => {
  const bodies = {
    "no body": "",
    "no JSON": "username=alice",
    "half a JSON": '{"username": "x"',
    "a list": "[]",
    "a text": '"alice"',
    null: "null",
    "an empty object": "{}",
    "numbers": '{"username": 1, "email": 2}',
    "nulls": '{"username": null, "email": null}',
    "no e-mail": '{"username": "x"}',
    "a list for the e-mail": '{"username": "x", "email": ["x@example.org"]}',
    "a number for the password": '{"username": "x", "email": "x@example.org", "password": 12345678}',
    "bytes that are not UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    "very deep JSON": "[".repeat(100_000),
  };
  for (const target of ["/register", "/login"]) {
    for (const [what, body] of Object.entries(bodies)) {
      it(`${target} with ${what} is answered with 400 and words`, async () => {
        const answer = await forge.request("POST", target, { body, headers: { "Content-Type": "application/json" } });
        assert.equal(answer.status, 400, answer.text);
        assert.equal(typeof answer.json.error, "string");
        assert.notEqual(answer.json.error, "");
      });
    }
  }

  for (const [what, fields] of [
    ["an empty name", { username: "", email: "empty@example.org" }],
    ["a name of 10,000 characters", { username: "n".repeat(10_000), email: "long@example.org" }],
    ["an empty e-mail", { username: "empty", email: "" }],
    ["an e-mail of 10,000 characters", { username: "long", email: `${"e".repeat(10_000)}@example.org` }],
    ["a password of 3 characters", { username: "short", email: "short@example.org", password: "abc" }],
  ]) {
    it(`/register with ${what} is answered with 400 and words`, async () => {
      const answer = await forge.post("/register", fields);
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.json.error, /username|email|password/);
    });
  }

  it("a body that is too large is refused", async () => {
    const answer = await forge
      .request("POST", "/login", { body: Buffer.alloc(8 << 20, 0x20) })
      .catch(() => ({ status: "closed" })); // the answer may be lost in what was still being sent
    assert.ok([413, "closed"].includes(answer.status), String(answer.status));
    assert.equal((await forge.request("GET", "/healthz")).status, 200);
  });

  it("methods and paths that are not there are answered as such", async () => {
    assert.equal((await forge.request("GET", "/register")).status, 405);
    assert.equal((await forge.request("DELETE", "/login")).status, 405);
    for (const target of ["/nothing", "/../../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/%00", "/.env"]) {
      assert.equal((await forge.request("GET", target)).status, 404, target);
    }
  });
});

describe("the door", () => {
  for (const [what, headers] of [
    ["a Host that is not ours", () => ({ Host: "evil.example" })],
    ["a name that was made to point here", () => ({ Host: `evil.example:${forge.port}`, Origin: `http://evil.example:${forge.port}` })],
    ["a foreign Origin", () => ({ Origin: "https://evil.example" })],
    ["another port's Origin", () => ({ Origin: "http://127.0.0.1:1" })],
    ["Origin null", () => ({ Origin: "null" })],
  ]) {
    it(`${what} gets nowhere`, async () => {
      for (const [method, target, body] of [
        ["GET", "/", undefined],
        ["POST", "/login", '{"email": "alice@example.org"}'],
        ["GET", "/socket.io/?EIO=4&transport=polling", undefined],
      ]) {
        const answer = await forge.request(method, target, { body, headers: headers() });
        assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${target}: ${answer.status}`);
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
      }
      const client = new Client(forge.url, { transports: ["websocket"], headers: headers(), reconnection: false });
      await client.until(() => client.connect_error, "a refusal");
      client.close();
    });
  }

  it("our own Origin, and none, are let in", async () => {
    for (const headers of [{ Origin: forge.url }, {}]) {
      assert.equal((await forge.request("GET", "/", { headers })).status, 200);
      const client = await Client.connected(forge.url, { headers });
      client.close();
    }
  });

  it("further ones are let in where the settings say so", async () => {
    const other = await Forge.start({
      FORGE_ALLOWED_ORIGINS: "https://app.example",
      FORGE_ALLOWED_HOSTS: "forge.example",
    });
    try {
      const headers = { Host: "forge.example", Origin: "https://app.example" };
      const answer = await other.request("GET", "/", { headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["access-control-allow-origin"], "https://app.example");
    } finally {
      await other.stop();
    }
  });
});
