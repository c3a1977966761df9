"""The face as a way to be identified (顔認証): camera, check, settings, its place in a visit."""
