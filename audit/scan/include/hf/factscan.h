/* factscan.h -- kinds of facts that scans of single files give, and what their slots mean.
 * Slots that are not named are 0 and empty. Offsets and lengths are in the decoded file. Secrets never stand
 * in a fact: EVIDENCE slots hold them redacted (4 characters and 8 hex digits of SHA-256).
 * Lists inside one text are separated by NUL, without one at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FACTSCAN_H
#define HF_FACTSCAN_H
#include <hf/fact.h>

enum {
	HF_FACT_ELF = HF_FACT_SCAN_FIRST, /* one program, library or module: hardening, needs, imports */
	HF_FACT_ACCOUNT,                  /* a line of passwd, shadow, htpasswd */
	HF_FACT_KEY,                      /* a private key, certificate, authorized key, token */
	HF_FACT_SERVICE,                  /* something that is started, and by what */
	HF_FACT_LISTENER,                 /* an address that a configuration listens on */
	HF_FACT_HIT,                      /* a literal or pattern of the automaton */
	HF_FACT_SETTING,                  /* name and value of a configuration that a check asks for */
	HF_FACT_KERNEL,                   /* a kernel, its configuration, or a module */
	HF_FACT_FLAG,                     /* one wanted compiler flag that a build lacks */
	HF_FACT_RESULT,                   /* one imported SARIF result */
};

/* HF_FACT_ELF */
enum {
	HF_ELF_TYPE = 0,    /* ET_* of the ELF header */
	HF_ELF_MACHINE = 1, /* EM_* */
	HF_ELF_STATES = 2,  /* four bits per property: hf_elf_state() */
	HF_ELF_FLAGS = 3,   /* HF_ELFF_* */
	HF_ELF_FORTIFIED = 4,
	HF_ELF_FORTIFIABLE = 5, /* imports that could be fortified, among them those that are */
};
enum {
	HF_ELF_INTERP = 0,
	HF_ELF_SONAME = 1,
	HF_ELF_RPATH = 2,   /* list: DT_RPATH, DT_RUNPATH, each as written */
	HF_ELF_NEEDED = 3,  /* list: DT_NEEDED in order */
	HF_ELF_IMPORTS = 4, /* list: undefined symbols that checks ask for, sorted */
	HF_ELF_BUILDID = 5, /* raw */
};
/* Properties in HF_ELF_STATES. */
enum {
	HF_ELFP_NX = 0,
	HF_ELFP_PIE,
	HF_ELFP_RELRO, /* the segment */
	HF_ELFP_BINDNOW,
	HF_ELFP_CANARY,
	HF_ELFP_FORTIFY,
	HF_ELFP_CLASH, /* stack clash: seldom seen from outside */
	HF_ELFP_CFI,   /* CET on x86, BTI and PAC on aarch64 */
	HF_ELFP_WX,    /* no segment is writable and executable */
	HF_ELFP_BUILDID,
	HF_ELFP_NODEBUG, /* no debug information inside */
	HF_ELFP_COUNT,
};
enum { HF_STATE_NA = 0, HF_STATE_YES = 1, HF_STATE_NO = 2, HF_STATE_UNKNOWN = 3 };
static inline unsigned hf_elf_state(uint64_t states, unsigned property)
{
	return (unsigned)(states >> (4 * property)) & 15u;
}
enum {
	HF_ELFF_64 = 1,
	HF_ELFF_BIG = 2,
	HF_ELFF_DYNAMIC = 4,  /* has PT_DYNAMIC */
	HF_ELFF_PROGRAM = 8,  /* ET_EXEC, or ET_DYN with PT_INTERP or DF_1_PIE */
	HF_ELFF_LIBRARY = 16, /* ET_DYN and no program */
	HF_ELFF_OBJECT = 32,  /* ET_REL: modules and object files */
	HF_ELFF_MODULE = 64,  /* kernel module */
	HF_ELFF_MUSL = 128,
	HF_ELFF_STRIPPED = 256, /* no .symtab */
	HF_ELFF_DAMAGED = 512,  /* some table lies: what depends on it is unknown */
	HF_ELFF_MCU = 1024,     /* no operating system below: NX, PIE, RELRO do not apply */
	HF_ELFF_AUTH = 2048,    /* imports crypt, PAM or the shadow file */
};

/* HF_FACT_ACCOUNT */
enum {
	HF_ACCOUNT_SOURCE = 0, /* HF_ACCOUNTS_* */
	HF_ACCOUNT_UID = 1,    /* passwd only */
	HF_ACCOUNT_GID = 2,
	HF_ACCOUNT_OFFSET = 3,
	HF_ACCOUNT_LENGTH = 4,
	HF_ACCOUNT_STATE = 5,  /* HF_PASSWORD_* */
	HF_ACCOUNT_SCHEME = 6, /* HF_SCHEME_* */
	HF_ACCOUNT_KNOWN = 7,  /* HF_KNOWNPW_* */
};
enum {
	HF_ACCOUNT_NAME = 0,
	HF_ACCOUNT_HOME = 1,
	HF_ACCOUNT_SHELL = 2,
	HF_ACCOUNT_EVIDENCE = 3, /* the hash, redacted */
	HF_ACCOUNT_PASSWORD = 4, /* when it is on the public list */
	HF_ACCOUNT_DIGEST = 5,   /* SHA-256 of the hash: equal hashes can be told */
};
enum { HF_ACCOUNTS_PASSWD = 1, HF_ACCOUNTS_SHADOW = 2, HF_ACCOUNTS_HTPASSWD = 3 };
enum {
	HF_PASSWORD_LOCKED = 1, /* '!', '*', or nothing crypt() takes */
	HF_PASSWORD_EMPTY = 2,
	HF_PASSWORD_SHADOWED = 3, /* 'x' */
	HF_PASSWORD_USABLE = 4,
	HF_PASSWORD_PLAIN = 5, /* htpasswd with the password itself */
};
enum {
	HF_SCHEME_OTHER = 0,
	HF_SCHEME_DES = 1,
	HF_SCHEME_MD5 = 2,  /* $1$ and $apr1$ */
	HF_SCHEME_SHA1 = 3, /* {SHA} */
	HF_SCHEME_SHA256 = 4,
	HF_SCHEME_SHA512 = 5,
	HF_SCHEME_BCRYPT = 6,
	HF_SCHEME_YESCRYPT = 7,
	HF_SCHEME_SCRYPT = 8,
};
enum {
	HF_KNOWNPW_UNTRIED = 0, /* nothing to try, or too costly: then a problem says so */
	HF_KNOWNPW_NO = 1,
	HF_KNOWNPW_YES = 2,
	HF_KNOWNPW_COSTLY = 3,
};

/* HF_FACT_KEY */
enum {
	HF_KEY_CLASS = 0, /* HF_KEYC_* */
	HF_KEY_ALG = 1,   /* HF_KEYALG_* */
	HF_KEY_BITS = 2,
	HF_KEY_OFFSET = 3,
	HF_KEY_LENGTH = 4,
	HF_KEY_NOT_AFTER = 5, /* certificates: seconds since 1970 */
	HF_KEY_FLAGS = 6,     /* HF_KEYF_* */
	HF_KEY_KIND = 7,      /* HF_KIND_* of the file it was found in */
};
enum {
	HF_KEY_SPKI = 0,     /* SHA-256 of the SubjectPublicKeyInfo, 32 bytes, when it could be read */
	HF_KEY_NAME = 1,     /* subject, comment, kind of token */
	HF_KEY_EVIDENCE = 2, /* redacted */
};
enum {
	HF_KEYC_PRIVATE = 1,
	HF_KEYC_ENCRYPTED = 2,  /* private, with a passphrase */
	HF_KEYC_AUTHORIZED = 3, /* a line of authorized_keys */
	HF_KEYC_CERT = 4,
	HF_KEYC_TOKEN = 5,
	HF_KEYC_PUBLIC = 6, /* a bare public key, as verifiers have them */
};
enum {
	HF_KEYALG_OTHER = 0,
	HF_KEYALG_RSA = 1,
	HF_KEYALG_DSA = 2,
	HF_KEYALG_EC = 3,
	HF_KEYALG_EDDSA = 4, /* Ed25519, Ed448, X25519, X448 */
};
enum {
	HF_KEYF_HOST = 1, /* lies where SSH servers keep theirs */
	HF_KEYF_CA = 2,
	HF_KEYF_SELF = 4,      /* self-issued */
	HF_KEYF_WEAKSIG = 8,   /* signed with MD5 or SHA-1 (roots apart: nobody checks those) */
	HF_KEYF_BUNDLE = 16,   /* in the distribution's bundle of CAs */
	HF_KEYF_TEST = 32,     /* in data/audit/testkeys.txt: its private half is published */
	HF_KEYF_SELFTEST = 64, /* in data/audit/selftest-keys.txt: libraries test themselves with it */
};

/* HF_FACT_SERVICE */
enum {
	HF_SERVICE_SOURCE = 0, /* HF_SOURCE_* */
	HF_SERVICE_FLAGS = 1,  /* HF_SERVICEF_* */
	HF_SERVICE_OFFSET = 2,
	HF_SERVICE_LENGTH = 3,
};
enum {
	HF_SERVICE_NAME = 0, /* base name of the program, or of the unit when that is all we know */
	HF_SERVICE_COMMAND = 1,
	HF_SERVICE_UNIT = 2, /* telnet.socket, S50telnet, rc.local ... */
	HF_SERVICE_USER = 3,
	HF_SERVICE_WHEN = 4, /* schedule of cron, run levels of inittab, tty */
};
enum {
	HF_SOURCE_INITTAB = 1,
	HF_SOURCE_RC = 2, /* rcS, rc.local, init.d, rc?.d */
	HF_SOURCE_UNIT = 3,
	HF_SOURCE_INETD = 4, /* inetd and xinetd */
	HF_SOURCE_PROCD = 5,
	HF_SOURCE_CRON = 6, /* and timers */
	HF_SOURCE_UDEV = 7,
	HF_SOURCE_WANTS = 8, /* a link in *.wants or rc?.d: what is enabled */
};
enum {
	HF_SERVICEF_SHELL = 1,    /* gives a shell without a login */
	HF_SERVICEF_FETCHRUN = 2, /* fetches and runs what it fetched */
	HF_SERVICEF_DISABLED = 4, /* commented out, disable = yes */
	HF_SERVICEF_TEMPLATE = 8, /* a unit that only runs when something wants it */
	HF_SERVICEF_CLEAR = 16,   /* telnet, rlogin, tftp, ftp: no encryption */
};

/* HF_FACT_LISTENER */
enum { HF_LISTENER_PORT = 0, HF_LISTENER_FLAGS = 1, HF_LISTENER_OFFSET = 2, HF_LISTENER_LENGTH = 3 };
enum { HF_LISTENER_ADDRESS = 0, HF_LISTENER_NAME = 1, HF_LISTENER_EVIDENCE = 2 };
enum { HF_LISTENERF_ALL = 1, HF_LISTENERF_UDP = 2 }; /* every interface */

/* HF_FACT_HIT */
enum { HF_HIT_CLASS = 0, HF_HIT_OFFSET = 1, HF_HIT_LENGTH = 2, HF_HIT_COUNT = 3, HF_HIT_KIND = 4 };
enum { HF_HIT_NAME = 0, HF_HIT_EVIDENCE = 1 };
enum {
	HF_HITC_BOT = 1,      /* strong literal of a bot */
	HF_HITC_BOTWEAK = 2,  /* says something together with others */
	HF_HITC_BOTXOR = 3,   /* a table entry, each byte XOR 0x22 */
	HF_HITC_WATCHDOG = 4, /* device of the watchdog */
	HF_HITC_TELSCAN = 5,  /* what telnet scanners send */
	HF_HITC_BACKDOOR = 6, /* published marker */
	HF_HITC_PASSWORD = 7, /* a default password as a string of its own in a program */
	HF_HITC_HASH = 8,     /* a password hash as a string of its own in a program */
	HF_HITC_FETCH = 9,    /* wget, tftp, nc with a writable place to run from */
	HF_HITC_HOST = 10,    /* literal public address or host */
	HF_HITC_DATE = 11,    /* build date */
	HF_HITC_BUILDPATH = 12,
	HF_HITC_SECRET = 13,   /* PSK, SNMP community, URL credential: evidence redacted */
	HF_HITC_MCUDEBUG = 14, /* debug and factory commands of an MCU image */
};

/* HF_FACT_SETTING */
enum { HF_SETTING_SUBJECT = 0, HF_SETTING_STATE = 1, HF_SETTING_OFFSET = 2, HF_SETTING_LENGTH = 3 };
enum { HF_SETTING_NAME = 0, HF_SETTING_VALUE = 1, HF_SETTING_WHY = 2 };
enum {
	HF_SUBJECT_KCONFIG = 1,   /* NAME without CONFIG_, VALUE "y", "m", "n", a text; "" = absent */
	HF_SUBJECT_CMDLINE = 2,   /* kernel command line */
	HF_SUBJECT_UBOOT = 3,     /* NAME bootdelay, bootstopkey */
	HF_SUBJECT_UPNP = 4,      /* STATE yes = secure mode */
	HF_SUBJECT_UPDSIGN = 5,   /* NAME updater, STATE yes = demands signatures */
	HF_SUBJECT_UPDURL = 6,    /* VALUE the URL; STATE no = plain http */
	HF_SUBJECT_ROLLBACK = 7,  /* NAME updater; STATE yes = refuses older ones */
	HF_SUBJECT_ANCHOR = 8,    /* VALUE SPKI SHA-256 in hex, or the file it is in */
	HF_SUBJECT_MCUSIGN = 9,   /* STATE of the signature trailer of an MCU image */
	HF_SUBJECT_LOGPROOF = 10, /* release in a bundle: STATE yes = carries a proof of the log */
	HF_SUBJECT_MOUNT =
		11, /* NAME mount point of fstab; STATE yes = nothing runs from it, or it is read-only */
};

/* HF_FACT_KERNEL */
enum {
	HF_KERNEL_WHAT = 0,
	HF_KERNEL_OFFSET = 1,
	HF_KERNEL_FLAGS = 2,
};
enum { HF_KERNEL_VERSION = 0, HF_KERNEL_VERMAGIC = 1, HF_KERNEL_BANNER = 2 };
enum { HF_KERNELW_IMAGE = 1, HF_KERNELW_CONFIG = 2, HF_KERNELW_MODULE = 3 };
enum { HF_KERNELF_SIGNED = 1 }; /* module with a signature appended */

/* HF_FACT_FLAG: a wanted flag, and in how many of the compilations it is missing. */
enum { HF_FLAG_MISSING = 0, HF_FLAG_TOTAL = 1, HF_FLAG_STATE = 2 };
enum { HF_FLAG_NAME = 0, HF_FLAG_FIRST = 1 }; /* FIRST: a source file that lacks it */

/* HF_FACT_RESULT */
enum { HF_RESULT_LEVEL = 0, HF_RESULT_LINE = 1 }; /* level: HF_LEVEL_* */
enum { HF_RESULT_TOOL = 0, HF_RESULT_RULE = 1, HF_RESULT_URI = 2, HF_RESULT_MESSAGE = 3 };
enum { HF_LEVEL_NONE = 0, HF_LEVEL_NOTE = 1, HF_LEVEL_WARNING = 2, HF_LEVEL_ERROR = 3 };
#endif
