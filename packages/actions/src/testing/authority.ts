// A root, an intermediate below it, and a server's certificate for 127.0.0.1, as PEM.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
