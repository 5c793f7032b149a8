// People who write over REST, so that a page has something to show.

export class Person {
  constructor(server, username, userId, token) {
    Object.assign(this, { server, username, userId, token });
  }

  static async register(server, username, displayName) {
    const password = `${username} has a long password`;
    await call(server, undefined, "POST", "/users/register", { username, password, displayName });
    return Person.logIn(server, username);
  }

  static async logIn(server, username, device = "Terminal") {
    const password = `${username} has a long password`;
    const { token, userId } = await call(server, undefined, "POST", "/users/login", { username, password, device: { name: device } });
    return new Person(server, username, userId, token);
  }

  call(method, path, body) {
    return call(this.server, this.token, method, path, body);
  }

  say(to, content, replyTo) {
    return this.call("POST", "/messages", { receiverId: to, content, ...(replyTo === undefined ? {} : { replyTo }) });
  }

  react(chatId, seq, key) {
    return this.call("PUT", `/messages/${chatId}/${seq}/reactions/${encodeURIComponent(key)}`);
  }
}

async function call(server, token, method, path, body) {
  for (;;) {
    const answer = await fetch(new URL(path, server), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed = text === "" ? undefined : JSON.parse(text);
    if (answer.ok) return parsed;
    if (answer.status !== 429) throw new Error(`${method} ${path}: ${text}`);
    await new Promise((done) => setTimeout(done, parsed.retryAfterMs ?? 100));
  }
}

export const directChat = (one, other) => {
  const [low, high] = [BigInt(one), BigInt(other)].sort((a, b) => (a < b ? -1 : 1));
  return `d.${low}.${high}`;
};
