// An SMSC made of the npm package smpp: an implementation that shares no code with ours.
//
//   node smsc.js --log FILE [--port 0] [--password p] [fault ...]
//
// It prints {"port": n} when it listens and ends when its standard input does. FILE gets a JSON line for every submit_sm
// it took (at, id, from, to, text, udh, registered, session), written before it answers. Faults, each followed by the
// number of the submit_sm it begins with and, after a colon, for how many of them (default 1; 0 for ever):
//   --late N:M      taken, answered after --late-by MS (default 500)
//   --throttle N:M  ESME_RTHROTTLED          --full N:M    ESME_RMSGQFUL         --refuse N:M  ESME_RINVDSTADR
//   --error N:M     ESME_RSYSERR             --silent N:M  taken, never answered
//   --reset N:M     taken, connection reset in place of an answer              --drop N:M    reset, and not taken
//   --garbage N:M   taken, octets that are no PDU in place of an answer
// Receipts, for messages that asked for one: --receipts none|once|twice|first|backwards|nameless ("first": before the
// answer; "backwards": ACCEPTD after the state it ends in; "nameless": without the message's name), --state DELIVRD,
// --receipt-after MS.
// A JSON line on standard input is delivered as a message somebody sent: {"from", "to", "text", "parts"}; the status of
// each answer is printed as {"delivered": status}. {"faults": {...}} puts these faults in the place of others and counts
// anew. What is not acknowledged with ESME_ROK is delivered again after
// --again MS (default 200), receipts too, until the connection ends; then to the next one.
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const FAULTS = ['throttle', 'full', 'refuse', 'error', 'silent', 'reset', 'drop', 'garbage', 'late'];
const STATUS = {
  throttle: smpp.ESME_RTHROTTLED, full: smpp.ESME_RMSGQFUL, refuse: smpp.ESME_RINVDSTADR, error: smpp.ESME_RSYSERR,
};

const options = { port: '0', receipts: 'once', state: 'DELIVRD', 'receipt-after': '0', again: '200', 'late-by': '500' };
for (let at = 2; at < process.argv.length; at += 2) options[process.argv[at].replace(/^--/, '')] = process.argv[at + 1];
const log = fs.openSync(options.log, 'a');
let submitted = 0;
let named = 0;
let sessions = 0;
let current = null;
const waiting = [];

function say(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

function fault(number) {
  return FAULTS.find((name) => {
    if (!(name in options)) return false;
    const [first, many] = options[name].split(':').map(Number);
    return number >= first && (many === 0 || number < first + (many || 1));
  });
}

function text(pdu) {
  const message = pdu.short_message.message;
  return typeof message === 'string' ? message : message.toString('hex');
}

function take(pdu, session) {
  named += 1;
  const id = `m${process.pid}-${named}`;
  const line = {
    at: new Date().toISOString(), id, from: pdu.source_addr, to: pdu.destination_addr, text: text(pdu),
    udh: pdu.short_message.udh ? Buffer.concat([].concat(pdu.short_message.udh)).toString('hex') : '',
    registered: pdu.registered_delivery, session,
  };
  fs.writeSync(log, JSON.stringify(line) + '\n');
  return id;
}

function deliver(fields) {
  if (current === null) {
    waiting.push(fields);
    return;
  }
  const session = current;
  const again = () => deliver(fields);
  const lost = () => waiting.push(fields);
  session.socket.once('close', lost);
  session.deliver_sm(fields, (answer) => {
    session.socket.removeListener('close', lost);
    say({ delivered: answer.command_status });
    if (answer.command_status !== smpp.ESME_ROK) setTimeout(again, Number(options.again));
  });
}

function stamp(when) {
  const shanghai = new Date(when.getTime() + 8 * 3600 * 1000);
  return shanghai.toISOString().replace(/[-T:]/g, '').slice(2, 12);
}

function receipt(pdu, id, state = options.state) {
  const now = stamp(new Date());
  const name = options.receipts === 'nameless' ? '' : `id:${id} `;
  deliver({
    source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 0x04, data_coding: 0,
    short_message: `${name}sub:001 dlvrd:001 submit date:${now} done date:${now} stat:${state} err:000 text:`,
  });
}

function receipts(pdu, id) {
  if (options.receipts === 'none' || !(pdu.registered_delivery & 1)) return;
  const times = options.receipts === 'twice' ? 2 : 1;
  const send = () => {
    for (let time = 0; time < times; time += 1) receipt(pdu, id);
    if (options.receipts === 'backwards') receipt(pdu, id, 'ACCEPTD');
  };
  if (options.receipts === 'first') send(); else setTimeout(send, Number(options['receipt-after']));
}

function submit(pdu, session, number) {
  submitted += 1;
  const wrong = fault(submitted);
  if (wrong in STATUS) {
    session.send(pdu.response({ command_status: STATUS[wrong] }));
    return;
  }
  if (wrong === 'drop') {
    session.socket.resetAndDestroy();
    return;
  }
  const id = take(pdu, number);
  if (wrong === 'reset') {
    session.socket.resetAndDestroy();
  } else if (wrong === 'garbage') {
    session.socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  } else if (wrong !== 'silent') {
    if (wrong === 'late') setTimeout(() => answer(pdu, session, id), Number(options['late-by']));
    else answer(pdu, session, id);
  }
}

function answer(pdu, session, id) {
  if (options.receipts === 'first') receipts(pdu, id);
  session.send(pdu.response({ message_id: id }));
  if (options.receipts !== 'first') receipts(pdu, id);
}

const server = smpp.createServer((session) => {
  sessions += 1;
  const number = sessions;
  session.on('error', () => session.socket.destroy());
  session.on('close', () => { if (current === session) current = null; });
  session.on('bind_transceiver', (pdu) => {
    if ('password' in options && pdu.password !== options.password) {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      return;
    }
    session.send(pdu.response());
    current = session;
    waiting.splice(0).forEach(deliver);
  });
  session.on('submit_sm', (pdu) => submit(pdu, session, number));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
});
server.listen(Number(options.port), '127.0.0.1', () => say({ port: server.address().port }));

function fall(faults) {
  FAULTS.forEach((name) => delete options[name]);
  Object.assign(options, faults);
  submitted = 0;
}

function heard(line) {
  const said = JSON.parse(line);
  if ('faults' in said) fall(said.faults);
  else sent(said);
}

function sent(said) {
  const parts = said.parts || [said.text];
  const reference = Math.floor(Math.random() * 256);
  parts.forEach((part, at) => {
    const udh = Buffer.from([5, 0, 3, reference, parts.length, at + 1]);
    const message = Buffer.from(part, 'utf16le').swap16();
    const headed = parts.length > 1;
    deliver({
      source_addr: said.from, destination_addr: said.to, data_coding: 8, esm_class: headed ? 0x40 : 0,
      short_message: headed ? Buffer.concat([udh, message]) : message,
    });
  });
}

readline.createInterface({ input: process.stdin }).on('line', heard).on('close', () => process.exit(0));
