"""A sign-in as small Streamlit apps have it, beside which script/bench --browser measures Daypass's."""

import time

import streamlit as st
from streamlit_cookies_manager import EncryptedCookieManager

TIMEOUT = 600
USERS = {"demo": "the password of the demo"}

cookies = EncryptedCookieManager(prefix="bench/", password="a key that keeps nothing")
if not cookies.ready():
    st.stop()


def private(user: str) -> None:
    st.title("A private page")
    st.write(f"Signed in as {user}")


if cookies.get("user") and time.time() < float(cookies["until"]):
    private(cookies["user"])
else:
    place = st.empty()
    with place.form("sign_in"):
        name = st.text_input("Username")
        password = st.text_input("Password", type="password")
        sent = st.form_submit_button("Sign in")
    if sent and USERS.get(name) == password:
        cookies["user"] = name
        cookies["until"] = str(time.time() + TIMEOUT)
        cookies.save()
        place.empty()
        private(name)
    elif sent:
        st.error("That name and password do not match.")
