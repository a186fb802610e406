<?php
declare(strict_types=1);

const CLIENT_ID = "{{client_id}}";
const REDIRECT_URI = "{{redirect_uri}}";

session_name("app_session");
{{#secure}}
session_set_cookie_params(["httponly" => true, "samesite" => "Lax", "secure" => true]);
{{/secure}}
{{^secure}}
session_set_cookie_params(["httponly" => true, "samesite" => "Lax"]);
{{/secure}}
session_start(["use_strict_mode" => 1]);

$provider = fetch("{{discovery}}");
switch (parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH)) {
    case "{{home_path}}":
        isset($_SESSION["user"]) ? home($_SESSION["user"]) : sign_in($provider);
        break;
    case "{{redirect_path}}":
        callback($provider);
        break;
    case "{{sign_out_path}}":
        sign_out($provider);
        break;
{{#post_logout_route}}
    case "{{post_logout_path}}":
        echo "Signed out.";
        break;
{{/post_logout_route}}
    default:
        http_response_code(404);
}

function home(array $user): void
{
    header("Content-Type: text/plain; charset=utf-8");
    echo "Signed in: ", $user["sub"], " ", $user["name"] ?? "";
}

function sign_in(array $provider): void
{
    $request = ["state" => random(), "nonce" => random(), "verifier" => random()];
    $_SESSION["request"] = $request;
    $query = [
        "client_id" => CLIENT_ID,
        "redirect_uri" => REDIRECT_URI,
        "response_type" => "code",
        "scope" => "{{scope}}",
        "state" => $request["state"],
        "nonce" => $request["nonce"],
        "code_challenge" => base64url(hash("sha256", $request["verifier"], true)),
        "code_challenge_method" => "S256",
    ];
{{#par}}
    $pushed = authenticated($provider["pushed_authorization_request_endpoint"], $query);
    $query = ["client_id" => CLIENT_ID, "request_uri" => $pushed["request_uri"]];
{{/par}}
    go($provider["authorization_endpoint"], $query);
}

function callback(array $provider): void
{
    $request = $_SESSION["request"] ?? null;
    unset($_SESSION["request"]);
    if ($request === null || !hash_equals($request["state"], (string) ($_GET["state"] ?? ""))) {
        refuse("This is not the answer to a sign-in that was begun here.");
    }
    if (!isset($_GET["code"])) {
        refuse("The provider answered " . ($_GET["error"] ?? "nothing"));
    }
    $tokens = authenticated($provider["token_endpoint"], [
        "grant_type" => "authorization_code",
        "code" => $_GET["code"],
        "redirect_uri" => REDIRECT_URI,
        "code_verifier" => $request["verifier"],
    ]);
    $user = claims($tokens["id_token"], $provider);
    if (!hash_equals($request["nonce"], $user["nonce"] ?? "")) {
        refuse("The id_token belongs to another request.");
    }
{{#userinfo}}
    $info = fetch($provider["userinfo_endpoint"], [CURLOPT_HTTPHEADER => ["Authorization: Bearer " . $tokens["access_token"]]]);
    if ($info["sub"] === $user["sub"]) {
        $user += $info;
    }
{{/userinfo}}
    session_regenerate_id(true); // nobody who knew the old session id is signed in with it
    $_SESSION["user"] = $user;
    $_SESSION["id_token"] = $tokens["id_token"];
    go("{{home_path}}");
}

function sign_out(array $provider): void
{
    $query = ["client_id" => CLIENT_ID];
    if (isset($_SESSION["id_token"])) {
        $query["id_token_hint"] = $_SESSION["id_token"];
    }
{{#post_logout}}
    $query["post_logout_redirect_uri"] = "{{post_logout_redirect_uri}}";
{{/post_logout}}
    session_unset();
    session_regenerate_id(true);
    go($provider["end_session_endpoint"], $query);
}

// The claims of an id_token, once its signature, issuer, audience and age are right (OpenID Connect Core, 3.1.3.7).
function claims(string $jwt, array $provider): array
{
    [$head, $body, $signature] = explode(".", $jwt);
    $header = json_decode(unbase64url($head), true, flags: JSON_THROW_ON_ERROR);
    $keys = fetch($provider["jwks_uri"])["keys"];
    $key = current(array_filter($keys, fn (array $key) => $key["kid"] === ($header["kid"] ?? null)));
    if ($header["alg"] !== "{{id_token_alg}}" || !$key) {
        refuse("The id_token is not signed as it should be.");
    }
    $pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode(public_key($key)), 64, "\n") . "-----END PUBLIC KEY-----\n";
    if (openssl_verify("$head.$body", signature(unbase64url($signature)), $pem, OPENSSL_ALGO_SHA256) !== 1) {
        refuse("The signature of the id_token is wrong.");
    }
    $claims = json_decode(unbase64url($body), true, flags: JSON_THROW_ON_ERROR);
    if ($claims["iss"] !== "{{issuer}}" || !in_array(CLIENT_ID, (array) $claims["aud"], true) || $claims["exp"] < time() - 60) {
        refuse("The id_token is not for this application, or too old.");
    }
    return $claims;
}

{{#alg_es}}
// A point of P-256 in the form that openssl reads (RFC 5480).
function public_key(array $key): string
{
    return hex2bin("3059301306072a8648ce3d020106082a8648ce3d030107034200") . "\x04" . unbase64url($key["x"]) . unbase64url($key["y"]);
}

// Two numbers, which openssl wants as ASN.1.
function signature(string $raw): string
{
    $number = function (string $bytes): string {
        $bytes = ltrim($bytes, "\0");
        return der(0x02, ord($bytes) > 0x7f ? "\0" . $bytes : $bytes);
    };
    return der(0x30, $number(substr($raw, 0, 32)) . $number(substr($raw, 32)));
}
{{/alg_es}}
{{^alg_es}}
// Modulus and exponent in the form that openssl reads (RFC 3279).
function public_key(array $key): string
{
    $numbers = der(0x30, der(0x02, "\0" . unbase64url($key["n"])) . der(0x02, unbase64url($key["e"])));
    return der(0x30, der(0x30, hex2bin("06092a864886f70d0101010500")) . der(0x03, "\0" . $numbers));
}

function signature(string $raw): string
{
    return $raw;
}
{{/alg_es}}

function der(int $tag, string $content): string
{
    $length = strlen($content);
    $bytes = ltrim(pack("N", $length), "\0");
    return chr($tag) . ($length < 128 ? $bytes : chr(0x80 | strlen($bytes)) . $bytes) . $content;
}

// A request that the client proves itself with.
function authenticated(string $url, array $fields): array
{
    $secret = getenv("IDSRV_CLIENT_SECRET");
{{#basic}}
    return fetch($url, [
        CURLOPT_POSTFIELDS => http_build_query($fields),
        CURLOPT_USERPWD => rawurlencode(CLIENT_ID) . ":" . rawurlencode($secret),
    ]);
{{/basic}}
{{#post}}
    return fetch($url, [CURLOPT_POSTFIELDS => http_build_query($fields + ["client_id" => CLIENT_ID, "client_secret" => $secret])]);
{{/post}}
}

function fetch(string $url, array $options = []): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]);
    $answer = curl_exec($curl);
    if ($answer === false || curl_getinfo($curl, CURLINFO_RESPONSE_CODE) >= 300) {
        error_log("$url answered: $answer");
        refuse("The provider did not answer as it should.");
    }
    return json_decode($answer, true, flags: JSON_THROW_ON_ERROR);
}

function go(string $url, array $query = []): never
{
    header("Location: " . ($query ? "$url?" . http_build_query($query) : $url), true, 303);
    exit;
}

function refuse(string $reason): never
{
    http_response_code(400);
    header("Content-Type: text/plain; charset=utf-8");
    exit($reason);
}

function random(): string
{
    return base64url(random_bytes(32));
}

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), "+/", "-_"), "=");
}

function unbase64url(string $text): string
{
    return base64_decode(strtr($text, "-_", "+/"));
}
