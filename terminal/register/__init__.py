"""The clinic's own register of patients (患者台帳): imported, searched, linked to who comes."""
