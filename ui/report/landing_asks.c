#include "ui/report/landing_asks.h"
#include "store/base/buf.h"

enum {
	OTP_BOXES_MIN = 4,   /* fields of one character side by side */
	SEED_WORDS_MIN = 12, /* BIP 39: 12 to 24 words */
};

/* Values of autocomplete (HTML 4.10.18.7.1). */
static const struct {
	const char *token, *asks;
} tokens[] = {{"cc-number", "card-number"}, {"cc-csc", "card-code"}, {"cc-exp", "expiry"},
	{"cc-exp-month", "expiry"}, {"cc-exp-year", "expiry"}, {"cc-name", "name"},
	{"cc-given-name", "name"}, {"cc-family-name", "name"}, {"current-password", "password"},
	{"new-password", "password"}, {"one-time-code", "otp"}, {"username", "account"},
	{"email", "email"}, {"tel", "phone"}, {"tel-national", "phone"}, {"tel-local", "phone"},
	{"bday", "birth-date"}, {"bday-day", "birth-date"}, {"bday-month", "birth-date"},
	{"bday-year", "birth-date"}, {"name", "name"}, {"given-name", "name"},
	{"family-name", "name"}, {"additional-name", "name"}, {"street-address", "address"},
	{"address-line1", "address"}, {"address-line2", "address"},
	{"address-level1", "address"}, {"address-level2", "address"},
	{"postal-code", "address"}, {"country", "address"}, {"country-name", "address"}};

/*
 * Words as fold() leaves them: lower case, without accents, parts of a name apart. A word
 * counts where it stands alone; after "*" it counts inside of others too (compounds, and
 * scripts without spaces). The first line that fits decides, so the narrow come before the
 * wide: "card number" before "number", "cardholder name" before "card".
 */
static const struct {
	const char *asks;
	const char *words; /* separated by '|' */
} words[] = {
	{"seed-phrase", "*seed phrase|*seedphrase|*recovery phrase|*secret "
			"phrase|*mnemonic|*wallet phrase|"
			"*private key|*passphrase|frase semilla|frase de recuperacion|*phrase "
			"de recuperation|"
			"*wiederherstellungsphrase|frase di "
			"recupero|*助记词|*シードフレーズ|*сид фраза|*seed "
			"words"},
	{"name", "*cardholder|*card holder|name on card|*karteninhaber|titulaire|titular|"
		 "intestatario|*kaarthouder|*holder name|posiadacz karty|kart sahibi|*名義"},
	{"card-code",
		"cvv|cvv2|cvc|cvc2|csc|*security code|*card code|*kartenprufnummer|*prufziffer|"
		"*sicherheitscode|*cryptogramme|*codigo de seguridad|*codigo de seguranca|"
		"*codice di sicurezza|*beveiligingscode|*kod cvv|*guvenlik kodu|*安全码|"
		"*セキュリティコード|*код безопасности"},
	{"expiry", "exp|expiry|*expir|*valid thru|*valid until|exp date|exp month|exp "
		   "year|*ablaufdatum|"
		   "*gultig bis|*caducidad|*vencimiento|*validade|*scadenza|*vervaldatum|*data "
		   "waznosci|"
		   "*son kullanma|*срок действия|*有效期|*有効期限|mm yy|mm aa|mm jj|mm yyyy"},
	{"card-number",
		"cc|*cardnumber|*card number|*card no|*cardnum|*card num|cc number|cc "
		"num|ccnum|pan|"
		"*creditcard|*credit card|*debit card|*kartennummer|*kreditkarte|*numero de "
		"carte|"
		"*carte bancaire|*numero de tarjeta|*tarjeta|*numero do cartao|*cartao|"
		"*numero della carta|*numero carta|*kaartnummer|*numer karty|*kart numarasi|"
		"*номер карты|*卡号|*カード番号|*카드번호|card"},
	{"otp", "otp|*one time|*onetime|sms code|*smscode|*verification code|*verify code|"
		"*authentication code|*auth code|*2fa|mfa|totp|tan|mtan|*sms "
		"tan|*bestatigungscode|"
		"*code sms|*code de verification|*code de confirmation|*codigo de verificacion|"
		"*codigo de verificacao|*codigo sms|*codice di verifica|*verificatiecode|*kod "
		"sms|"
		"*dogrulama kodu|*код из смс|*код "
		"подтверждения|*验证码|*認証コード|*인증번호|passcode"},
	{"password",
		"*password|passwd|pwd|pass|pin|pin code|*pincode|*passwort|*kennwort|*mot de "
		"passe|"
		"mdp|*contrasena|clave|*senha|*wachtwoord|*haslo|*sifre|parola|*пароль|*密码|"
		"*パスワード|*비밀번호|*losenord|*adgangskode|*passord|*salasana|*heslo"},
	{"national-id",
		"ssn|*social security|*national id|*nationalid|*passport|*id number|*identity "
		"number|*tax id|tin|nif|nie|dni|cpf|cnpj|*codice "
		"fiscale|pesel|*personalausweis|"
		"*ausweisnummer|*steuer id|*steuernummer|*numero de "
		"securite|bsn|*burgerservice|"
		"*personnummer|*fodselsnummer|*cpr nummer|*tc "
		"kimlik|*tckn|snils|*паспорт|снилс|"
		"*инн|*身份证|*マイナンバー|*주민등록|*aadhaar|*driver license|*drivers "
		"license|curp|rfc"},
	{"birth-date",
		"dob|*birth|bday|*geburt|*naissance|*nacimiento|*nascimento|*nascita|"
		"*geboorte|*data urodzenia|*dogum|*дата рождения|*出生|*生年月日|*생년월일"},
	{"email", "*email|e "
		  "mail|mail|*correo|courriel|*почта|*邮箱|*メールアドレス|*이메일|eposta|"
		  "e posta"},
	{"account",
		"user|*username|userid|user id|login|login id|*benutzername|*kundennummer|"
		"*utilisateur|identifiant|*usuario|*nome utente|*gebruikersnaam|*uzytkownik|"
		"*kullanici|*логин|*用户名|*ユーザー|iban|*account "
		"number|*accountnumber|*account no|"
		"*kontonummer|*sort code|*routing number|*customer id|*customer number|*online "
		"id|"
		"uname|acct"},
	{"phone", "phone|*phone "
		  "number|*telephone|*telefon|telefono|*mobile|mobil|movil|*handy|tel|"
		  "*cellphone|celular|*cellulare|portable|*телефон|*手机|*電話|*휴대폰|*"
		  "phonenumber"},
	{"address", "*address|*street|zip|*zipcode|*zip "
		    "code|*postcode|*postal|city|town|country|plz|"
		    "*strasse|adresse|ort|stadt|*hausnummer|rue|ville|*code "
		    "postal|pays|direccion|calle|"
		    "ciudad|pais|*codigo "
		    "postal|endereco|rua|cidade|cep|indirizzo|citta|cap|adres|straat|"
		    "*postcode|woonplaats|ulica|miasto|*kod "
		    "pocztowy|sehir|*адрес|город|*индекс|*地址|*住所|"
		    "*주소|state|province"},
	{"name", "name|*first name|*firstname|*last name|*lastname|fname|lname|*surname|*full "
		 "name|"
		 "*fullname|vorname|nachname|nom|prenom|nombre|apellido|apellidos|nome|cognome|"
		 "sobrenome|naam|voornaam|achternaam|imie|nazwisko|ad "
		 "soyad|*имя|*фамилия|*姓名|*氏名|"
		 "*お名前|*이름"},
};

/* ---- words made alike ---- */

/* Latin letters with marks, U+00C0 on. '\0': none of them. */
static char base_letter(uint32_t c)
{
	static const char first[] = "aaaaaaaceeeeiiiidnooooo\0ouuuuyts";
	/* U+0100 on, Latin Extended-A. */
	static const char second[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkk"
				     "llllllllllnnnnnnnnnooooooo"
				     "orrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
	if (c >= 0xc0 && c <= 0xff) {
		if (c == 0xd7 || c == 0xf7)
			return 0;
		return c == 0xff ? 'y' : first[(c & 0x1f)];
	}
	if (c >= 0x100 && c < 0x100 + sizeof second - 1)
		return second[c - 0x100];
	return 0;
}

/* The next character of well-formed UTF-8. */
static uint32_t next(struct span *s)
{
	uint8_t c = s->p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t v = n == 1 ? c : n == 2 ? c & 0x1fU : n == 3 ? c & 0xfU : c & 7U;
	for (size_t i = 1; i < n && i < s->n; i++)
		v = v << 6 | (s->p[i] & 0x3fU);
	*s = span_from(*s, n);
	return v;
}

static void add_char(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_add_byte(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
		buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		if (c >= 0x10000) {
			buf_add_byte(out, (uint8_t)(0xf0 | c >> 18));
			buf_add_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		} else {
			buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
		}
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

static void add_gap(struct buf *out)
{
	if (buf_len(out) > 0 && out->p[out->end - 1] != ' ')
		buf_add_byte(out, ' ');
}

/* " card number ": lower case, no accents, camelCase and separators as gaps, digits apart from
 * nothing. */
static void fold(struct span s, struct buf *out)
{
	bool small = false; /* the last one was a small letter */
	buf_add_byte(out, ' ');
	while (s.n > 0) {
		uint32_t c = next(&s);
		bool capital = c >= 'A' && c <= 'Z';
		if (capital && small)
			add_gap(out);
		small = c >= 'a' && c <= 'z';
		if (c == 0xdf) { /* sharp s */
			buf_add_str(out, "ss");
		} else if (c < 0x80) {
			uint8_t l = ascii_lower((uint8_t)c);
			if (ascii_alpha(l) || ascii_digit(l))
				buf_add_byte(out, l);
			else
				add_gap(out);
		} else if (base_letter(c) != 0) {
			buf_add_byte(out, (uint8_t)base_letter(c));
		} else if (c >= 0x410 && c <= 0x42f) { /* Cyrillic capitals */
			add_char(out, c + 0x20);
		} else if (c >= 0x2000 && c <= 0x206f) { /* punctuation, format characters */
			add_gap(out);
		} else {
			add_char(out, c);
		}
	}
	add_gap(out);
}

static bool holds(struct span folded, struct span word)
{
	bool anywhere = word.n > 0 && word.p[0] == '*';
	word = span_from(word, anywhere);
	for (size_t at = span_find(folded, word, 0); at != SIZE_MAX;
		at = span_find(folded, word, at + 1)) {
		bool alone = folded.p[at - 1] == ' ' && at + word.n < folded.n &&
			     folded.p[at + word.n] == ' ';
		if (anywhere || alone)
			return true;
	}
	return false;
}

static const char *by_words(struct span text)
{
	struct buf folded = {0};
	const char *found = NULL;
	if (text.n == 0)
		return NULL;
	fold(text, &folded);
	for (size_t i = 0; i < sizeof words / sizeof *words && found == NULL; i++) {
		struct span left = span_str(words[i].words);
		while (left.n > 0 && found == NULL) {
			struct span word = span_first(left, span_find_byte(left, '|', 0));
			left = span_from(left, word.n + 1);
			if (holds(buf_span(&folded), word))
				found = words[i].asks;
		}
	}
	buf_fini(&folded);
	return found;
}

static const char *by_token(struct span autocomplete)
{
	/* The field's name is the last word but for "webauthn"; before it may stand a section,
	 * shipping or billing, home or work. */
	for (struct span left = autocomplete; left.n > 0;) {
		struct span word = span_first(left, span_find_byte(left, ' ', 0));
		left = span_from(left, word.n + 1);
		for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
			if (span_is(word, tokens[i].token))
				return tokens[i].asks;
	}
	return NULL;
}

static const char *by_type(struct span type)
{
	static const struct {
		const char *type, *asks;
	} types[] = {{"password", "password"}, {"email", "email"}, {"tel", "phone"},
		{"file", "file"}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is(type, types[i].type))
			return types[i].asks;
	return NULL;
}

/* A list gives a choice: of a date or a place, hardly of a secret. */
static bool listed(const char *asks)
{
	return asks != NULL &&
	       (strcmp(asks, "expiry") == 0 || strcmp(asks, "birth-date") == 0 ||
		       strcmp(asks, "address") == 0);
}

/* A box to tick. */
static bool chosen(struct span type)
{
	return span_is(type, "checkbox") || span_is(type, "radio") || span_is(type, "range") ||
	       span_is(type, "color");
}

const char *asks_of_field(struct arena *a, const struct forms_field *f)
{
	(void)a;
	const char *asks = by_token(f->autocomplete);
	if (asks != NULL || chosen(f->type))
		return asks;
	if (span_is(f->type, "file"))
		return "file";
	/* What people read says more than what the author calls it, but "name" is often only
	 * that. */
	const struct span says[] = {f->label, f->placeholder, f->name, f->id, f->near};
	for (size_t i = 0; i < sizeof says / sizeof *says && asks == NULL; i++)
		asks = by_words(says[i]);
	if (span_is(f->type, "select"))
		return listed(asks) ? asks : NULL;
	const char *type = by_type(f->type);
	/* What is hidden as it is typed is a secret: a code of a card, of a message, or the
	 * password, whatever else its label speaks of. */
	if (span_is(f->type, "password") && asks != NULL && strcmp(asks, "card-code") != 0 &&
		strcmp(asks, "otp") != 0 && strcmp(asks, "seed-phrase") != 0)
		return type;
	/* "Email or phone": the type decides between the two. */
	if (span_is(f->type, "email"))
		return type;
	return asks != NULL ? asks : type;
}

/* "word 7", "7.", "#12": one of a numbered list. */
static bool numbered(struct span s)
{
	struct buf folded = {0};
	fold(s, &folded);
	struct span t = span_trim(buf_span(&folded), " ");
	if (span_starts(t, "word"))
		t = span_trim(span_from(t, 4), " ");
	uint64_t n;
	bool yes = span_u64(t, &n) && n >= 1 && n <= 24;
	buf_fini(&folded);
	return yes;
}

void asks_of_form(struct arena *a, const struct forms_form *form, const char **out)
{
	size_t numbers = 0, boxes = 0;
	for (size_t i = 0; i < form->n_fields; i++) {
		const struct forms_field *f = &form->fields[i];
		out[i] = asks_of_field(a, f);
		numbers += numbered(f->label) || numbered(f->placeholder) || numbered(f->name);
		boxes += f->max_length == 1;
	}
	for (size_t i = 0; i < form->n_fields; i++) {
		const struct forms_field *f = &form->fields[i];
		bool one = f->max_length == 1 && boxes >= OTP_BOXES_MIN;
		bool word =
			f->max_length != 1 && numbers >= SEED_WORDS_MIN &&
			(numbered(f->label) || numbered(f->placeholder) || numbered(f->name));
		if (one && (out[i] == NULL || strcmp(out[i], "phone") == 0))
			out[i] = "otp";
		if (word && out[i] == NULL)
			out[i] = "seed-phrase";
	}
}
