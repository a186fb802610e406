import os
import secrets
from urllib.parse import urlencode, urlsplit
{{#par}}
from urllib.parse import parse_qsl

import requests
{{/par}}

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session

REDIRECT_URI = "{{redirect_uri}}"

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)  # give it from outside to keep people signed in over a restart
app.config.update(SESSION_COOKIE_NAME="app_session", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
{{#secure}}
app.config.update(SESSION_COOKIE_SECURE=True)
{{/secure}}

idsrv = OAuth(app).register(
    "idsrv",
    server_metadata_url="{{discovery}}",
    client_id="{{client_id}}",
    client_secret=os.environ["IDSRV_CLIENT_SECRET"],
    client_kwargs={
        "scope": "{{scope}}",
        "token_endpoint_auth_method": "{{auth_method}}",
        "code_challenge_method": "S256",
    },
)


@app.get("{{home_path}}")
def home():
    if "user" in session:
        user = session["user"]
        return f"Signed in: {user['sub']} {user.get('name', '')}", {"Content-Type": "text/plain; charset=utf-8"}
{{#par}}
    request = idsrv.create_authorization_url(REDIRECT_URI)
    idsrv.save_authorize_data(redirect_uri=REDIRECT_URI, **request)
    metadata = idsrv.load_server_metadata()
    pushed = requests.post(
        metadata["pushed_authorization_request_endpoint"],
{{#basic}}
        data=parse_qsl(urlsplit(request["url"]).query),
        auth=(idsrv.client_id, idsrv.client_secret),
{{/basic}}
{{#post}}
        data=parse_qsl(urlsplit(request["url"]).query) + [("client_secret", idsrv.client_secret)],
{{/post}}
        timeout=10,
    )
    pushed.raise_for_status()
    query = urlencode({"client_id": idsrv.client_id, "request_uri": pushed.json()["request_uri"]})
    return redirect(f"{metadata['authorization_endpoint']}?{query}")
{{/par}}
{{^par}}
    return idsrv.authorize_redirect(REDIRECT_URI)
{{/par}}


@app.get(urlsplit(REDIRECT_URI).path)
def callback():
    token = idsrv.authorize_access_token()  # checks state, nonce, signature, issuer and audience
    user = {"sub": token["userinfo"]["sub"]}
{{#userinfo}}
    user |= idsrv.userinfo(token=token)
{{/userinfo}}
    session.clear()
    session.update(user=user, id_token=token["id_token"])
    return redirect("{{home_path}}")


@app.get("{{sign_out_path}}")
def sign_out():
    hint = session.get("id_token")
    session.clear()
    query = {"client_id": idsrv.client_id}
    if hint:
        query["id_token_hint"] = hint
{{#post_logout}}
    query["post_logout_redirect_uri"] = "{{post_logout_redirect_uri}}"
{{/post_logout}}
    return redirect(f"{idsrv.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")
{{#post_logout_route}}


@app.get("{{post_logout_path}}")
def signed_out():
    return "Signed out."
{{/post_logout_route}}
