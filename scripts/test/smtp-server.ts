import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer } from "smtp-server";

export interface TakenMail {
  to: string[];
  mail: ParsedMail;
}

/** A real SMTP server on loopback that wants a login. `refuse`: an address that it does not take. `onMail`: each one that it took. */
export async function startSmtpServer({ refuse = () => false, onMail }: { refuse?: (address: string) => boolean; onMail: (taken: TakenMail) => void }) {
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true, // loopback
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _session, done) => (username === "drover" && password === "p@ss:word" ? done(null, { user: username }) : done(new Error("Wrong login"))),
    onRcptTo: ({ address }, _session, done) => (refuse(address) ? done(Object.assign(new Error("No such mailbox"), { responseCode: 550 })) : done()),
    onData: (stream, { envelope }, done) => {
      simpleParser(stream).then((mail) => {
        onMail({ to: envelope.rcptTo.map(({ address }) => address), mail });
        done();
      }, done);
    },
  });
  server.on("error", () => {}); // a client that hangs up
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://drover:${encodeURIComponent("p@ss:word")}@127.0.0.1:${port}`, stop: () => new Promise<void>((resolve) => server.close(resolve)) };
}
